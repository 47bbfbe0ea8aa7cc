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

// TestOne: only a text that is exactly one document is one.
func TestOne(t *testing.T) {
	t.Parallel()
	for text, one := range map[string]bool{"": false, "# a comment": false, "{\"a\": 1}": true, "{\"a\": 1} {\"a\": 2}": false, "a: 1\n---\na: 2\n": false, "a: [1\n": false} {
		if d := One(text); (d != nil) != one || one && d.Get("a").String() != "1" {
			t.Errorf("%q: %+v", text, d)
		}
	}
}

// TestTags: CloudFormation's short forms equal the long ones, and aliases and merge keys are
// followed.
func TestTags(t *testing.T) {
	t.Parallel()
	docs, err := Parse([]byte("base: &b {x: 1, y: 2}\nmap: {<<: *b, y: 3}\nref: !Ref A\natt: !GetAtt B.Arn\nsub: !Sub \"${A}-x\"\njoin: !Join [\"-\", [a, !Ref B]]\nzone: !Select [0, !GetAZs ]\nzones: !GetAZs\nlast: 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	d := docs[0]
	if d.Get("map", "x").String() != "1" || d.Get("map", "y").String() != "3" {
		t.Errorf("%+v", d.Get("map"))
	}
	if d.Get("ref", "Ref").String() != "A" || strings.Join(d.Get("att", "Fn::GetAtt").Texts(), ",") != "B,Arn" || d.Get("sub", "Fn::Sub").String() != "${A}-x" || d.Get("join", "Fn::Join").List()[1].List()[1].Get("Ref").String() != "B" ||
		!d.Get("zone", "Fn::Select").List()[1].Has("Fn::GetAZs") || !d.Get("zones").Has("Fn::GetAZs") || d.Get("last").String() != "1" {
		t.Errorf("%+v", d)
	}
	for text, says := range map[string]string{"a: *b\n": "has no anchor", "a: [1\n": "this is not YAML", "a: \xff": "UTF-8", "a: 1\nb: 2\n---\nc: 1\na: 1\nc: 2\n": "line 6: the document has a second \"c\""} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestLongLine: a line may have many entries between braces, and each may have what follows a colon.
func TestLongLine(t *testing.T) {
	t.Parallel()
	docs, err := Parse([]byte("env: [" + strings.Repeat("{name: A, value: !Ref B}, ", 500) + "]\n"))
	if err != nil || len(docs) != 1 || len(docs[0].Get("env").List()) != 500 {
		t.Errorf("%d documents, %v", len(docs), err)
	}
}

// TestColons: between braces, a colon with no blank behind it is a part of a value that has a tag or an
// anchor, too (the tags of templates in github.com/PRX/Infrastructure).
func TestColons(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a: { Key: ab, Value: !Ref AWS::StackName }":                            "AWS::StackName",
		"a: { Value: !Ref AWS::StackName, Key: prx:ops }":                       "AWS::StackName",
		"x: # c\r\n\r\n  # d\r\n  y: 1\r\na: {Value: !Ref AWS::Region }\r\n":    "AWS::Region",
		"x: # c\r  y: 1\ra: {Value: !Ref AWS::Region }\r":                       "AWS::Region",
		"a: {Value: !Ref AWS::Region}":                                          "AWS::Region",
		"a: {Value: {Ref: \"x\ue000y\"}, Key: [b:c]}":                           "x\ue000y",
		"a: { Value: !Ref Plain, Key: b }":                                      "Plain",
		"a: { Value: !Ref 'AWS::Region', Key: b }":                              "AWS::Region",
		"a: { Value: {Ref: AWS::Region}, Key: b }":                              "AWS::Region",
		"z: &r AWS::Region\na: { Value: {Ref: &s AWS::Region}, Key: *r }":       "AWS::Region",
		"a:\n  { Value:\n      !Ref AWS::Region,\n    Key: !Ref AWS::NoValue }": "AWS::Region",
	} {
		for _, text := range []string{text, text + "\n"} {
			docs, err := Parse([]byte(text))
			if err != nil {
				t.Errorf("%s: %v", text, err)
				continue
			}
			if got := docs[0].Get("a", "Value", "Ref").String(); got != want {
				t.Errorf("%s: %q, want %q", text, got, want)
			}
		}
	}
	docs, err := Parse([]byte("a: { u: !Sub arn:aws:iam::1:role/x y:z, v: !Sub 12:30, w: !If [c, p:q, !Ref R::S] }\n"))
	if err != nil {
		t.Fatal(err)
	}
	a := docs[0].Get("a")
	if u, v, w := a.Get("u", "Fn::Sub").String(), a.Get("v", "Fn::Sub").String(), a.Get("w", "Fn::If").List(); u != "arn:aws:iam::1:role/x y:z" || v != "12:30" || len(w) != 3 || w[1].String() != "p:q" || w[2].Get("Ref").String() != "R::S" {
		t.Errorf("%q, %q, %+v", u, v, w)
	}
	docs, err = Parse([]byte("a: { run: [rake, db:migrate, [x:y]], e: {k: [-p, 80:80, \"q\"], one: [k: v:w], json: {\"k\":1}}, last: {u:v: w}, f: {Fn::Sub: \"${A}, {b}\"}, g: [{Fn::ImportValue: !Sub 'x-y'}, {Fn::If: [c, {Fn::GetAtt: [R, Arn]}, 12:30]}], lax: {k:1, m:n} }\nb: [rake, db:migrate]\n"))
	if err != nil {
		t.Fatal(err)
	}
	a = docs[0].Get("a")
	for got, want := range map[string]string{
		strings.Join(a.Get("run").Texts(), ","): "rake,db:migrate,", strings.Join(a.Get("run").List()[2].Texts(), ","): "x:y", strings.Join(a.Get("e", "k").Texts(), ","): "-p,80:80,q",
		a.Get("e", "one").List()[0].Get("k").String(): "v:w", a.Get("e", "json", "k").String(): "1", strings.Join(docs[0].Get("b").Texts(), ","): "rake,db:migrate",
		a.Get("last", "u:v").String(): "w", a.Get("f", "Fn::Sub").String(): "${A}, {b}", a.Get("g").List()[0].Get("Fn::ImportValue", "Fn::Sub").String(): "x-y",
		strings.Join(a.Get("g").List()[1].Get("Fn::If").List()[1].Get("Fn::GetAtt").Texts(), "."): "R.Arn", a.Get("g").List()[1].Get("Fn::If").List()[2].String(): "12:30",
		a.Get("lax", "k").String() + a.Get("lax", "m").String(): "1n",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
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
