package doc

import (
	"strings"
	"testing"
)

// TestParse: YAML and JSON give the same tree, with the lines of the file.
func TestParse(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"YAML": "# a comment\na: 1\nb:\n  - {c: \"x\", d: true}\n  - ~\n---\ne: |\n  two\n  lines\n",
		"JSON": "\n{\"a\": 1,\n \"x\": null, \"b\": [{\"c\": \"x\", \"d\": true}, null]}\n{\"e\": \"two\\nlines\\n\"}\n",
	} {
		docs, err := Parse([]byte(text))
		if err != nil || len(docs) != 2 {
			t.Fatalf("%s: %d documents, %v", name, len(docs), err)
		}
		d := docs[0]
		if n, ok := d.Get("a").Int(); !ok || n != 1 || d.Get("a").Line != 2 || d.Get("b").List()[0].Get("c").String() != "x" || !d.Get("b").List()[0].Get("d").True() || !d.Get("b").List()[1].Absent() {
			t.Errorf("%s: %+v", name, d)
		}
		if docs[1].Get("e").String() != "two\nlines\n" || !docs[1].Get("no", "such").Absent() {
			t.Errorf("%s: %+v", name, docs[1])
		}
	}
}

// TestTags: CloudFormation's short forms equal the long ones, and aliases and merge keys are
// followed.
func TestTags(t *testing.T) {
	t.Parallel()
	docs, err := Parse([]byte("base: &b {x: 1, y: 2}\nmap: {<<: *b, y: 3}\nref: !Ref A\natt: !GetAtt B.Arn\nsub: !Sub \"${A}-x\"\njoin: !Join [\"-\", [a, !Ref B]]\n"))
	if err != nil {
		t.Fatal(err)
	}
	d := docs[0]
	if d.Get("map", "x").String() != "1" || d.Get("map", "y").String() != "3" {
		t.Errorf("%+v", d.Get("map"))
	}
	if d.Get("ref", "Ref").String() != "A" || strings.Join(d.Get("att", "Fn::GetAtt").Texts(), ",") != "B,Arn" || d.Get("sub", "Fn::Sub").String() != "${A}-x" || d.Get("join", "Fn::Join").List()[1].List()[1].Get("Ref").String() != "B" {
		t.Errorf("%+v", d)
	}
	for text, says := range map[string]string{"a: *b\n": "has no anchor", "a: [1\n": "this is not YAML", "a: \xff": "UTF-8", "a: 1\nb: 2\n---\nc: 1\na: 1\nc: 2\n": "line 6: the document has a second \"c\""} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestInt: numbers are those of YAML 1.1 (https://github.com/kubernetes-sigs/yaml,
// goyaml.v2/resolve.go).
func TestInt(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{
		"7": 7, "-7": -7, "+7": 7, "0100": 64, "0x10": 16, "0b11": 3, "0o17": 15, "7_200": 7200, "7.2e3": 7200, "08": 8, "3.0": 3, `"0100"`: 100, `" 5 "`: 5,
		"1.5": 0, "1e300": 0, ".inf": 0, ".nan": 0, "[1]": 0, "a": 0, `"7_200"`: 0, "99999999999999999999": 0,
	} {
		docs, err := Parse([]byte("a: " + text + "\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := docs[0].Get("a").Int(); got != want || ok != (want != 0) {
			t.Errorf("%s: %d, %v, want %d", text, got, ok, want)
		}
	}
}
