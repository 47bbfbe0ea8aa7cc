package doc_test

import (
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/importer/doc"
)

func TestXML(t *testing.T) {
	t.Parallel()
	name, root, err := doc.XML([]byte("\ufeff<?xml version='1.1' encoding='UTF-8'?>\n<!-- c -->\n<a>\n <b x=\"1\">one &amp; two</b>\n <c y='2'><d/><d> e </d></c>\n <b><![CDATA[<3>]]></b>\n</a>\n"))
	if err != nil || name != "a" {
		t.Fatal(name, err)
	}
	for _, c := range []struct{ got, want string }{
		{strings.Join(root.Keys, " "), "b c b"},
		{root.Values[0].String(), "one & two"},
		{root.Get("b").String(), "<3>"},
		{root.Get("c", "@y").String(), "2"},
		{root.Get("c", "d").String(), " e "},
		{root.Get("c").String(), ""},
	} {
		if c.got != c.want {
			t.Errorf("%q instead of %q", c.got, c.want)
		}
	}
	if root.Line != 3 || root.Values[0].Line != 4 || root.Values[2].Line != 6 {
		t.Error("lines", root.Line, root.Values[0].Line, root.Values[2].Line)
	}
}

// TestXMLControls: XML 1.1, which Jenkins writes, has references to control characters.
func TestXMLControls(t *testing.T) {
	t.Parallel()
	const text = "<c b='&#27;'><d/></c><a>x&#x1b;[0m&#x1F;&#10;&#x9;&amp;#x1b;<![CDATA[&#x1b;]]></a>"
	_, root, err := doc.XML([]byte("<?xml version='1.1'?><r>" + text + "</r>"))
	if err != nil {
		t.Fatal(err)
	}
	if got := root.Get("c", "@b").String(); got != "\x1b" {
		t.Errorf("%q", got)
	}
	if got := root.Get("a").String(); got != "x\x1b[0m\x1f\n\t&#x1b;&#x1b;" {
		t.Errorf("%q", got)
	}
	for _, none := range []string{"<r>&#x1b;</r>", "<?xml version='1.1'?><r>&#0;</r>", "<?xml version='1.1'?><r>&#x;</r>", "<?xml version='1.1'?><r>" + strings.Repeat("<![CDATA[&#27;", 100_000)} {
		if _, _, err := doc.XML([]byte(none)); err == nil {
			t.Errorf("%.40s is read", none)
		}
	}
}

func TestXMLRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":            "holds no element",
		"no element":  "holds no element",
		"<a><b></a>":  "line 1",
		"<a>\n<b":     "line 2",
		"<a>\xff</a>": "UTF-8",
		"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>": "not XML",
		strings.Repeat("<a>", 102):                 "nested more than 100 deep",
		"<a>" + strings.Repeat(" ", 10<<20):        "more than 10485760 bytes",
	} {
		if _, _, err := doc.XML([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %v", text, err)
		}
	}
}
