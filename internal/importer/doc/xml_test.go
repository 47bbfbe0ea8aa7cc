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
