package crontab

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/batchplane/batchplane/internal/cron"
)

// fact is a line of a public crontab and how cronie reads it.
type fact struct {
	Source, Text, Name, Value, Schedule, User, Command, Stdin, Why string

	Kind                       Kind
	UserColumn, NoFinalNewline bool
}

func facts(t *testing.T) map[string][]fact {
	t.Helper()
	file, err := os.Open("testdata/lines.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	files := map[string][]fact{}
	for scan := bufio.NewScanner(file); scan.Scan(); {
		var f fact
		if err := json.Unmarshal(scan.Bytes(), &f); err != nil {
			t.Fatal(err)
		}
		name, _, _ := strings.Cut(f.Source, ":")
		name, _, _ = strings.Cut(name, ",")
		files[name] = append(files[name], f)
	}
	return files
}

func TestRealLines(t *testing.T) {
	t.Parallel()
	for name, want := range facts(t) {
		var text strings.Builder
		for _, f := range want {
			text.WriteString("# a comment\n \t\n" + f.Text)
			if !f.NoFinalNewline {
				text.WriteByte('\n')
			}
		}
		got, err := Parse([]byte(text.String()), Detect)
		if err != nil || len(got) != len(want) {
			t.Errorf("%s: %d lines of %d, %v", name, len(got), len(want), err)
			continue
		}
		for i, f := range want {
			f.check(t, got[i], 3*i+3)
		}
	}
}

func (f fact) check(t *testing.T, got Line, number int) {
	t.Helper()
	if (got.Err != nil) != (f.Kind == Invalid) || (got.Spec != nil) != (f.Kind == Job) {
		t.Errorf("%s: spec %v, error %v", f.Source, got.Spec, got.Err)
	}
	if field, _, _ := strings.Cut(f.Why, ":"); strings.HasPrefix(field, "bad ") && !strings.HasPrefix(got.Err.Error(), field) {
		t.Errorf("%s: %v, want %s", f.Source, got.Err, f.Why)
	}
	got.Spec, got.Err = nil, nil
	want := Line{
		Number: number, Text: f.Text, Kind: f.Kind, Name: f.Name, Value: f.Value, Schedule: f.Schedule,
		User: f.User, Command: f.Command, Stdin: f.Stdin, NoNewline: f.NoFinalNewline,
	}
	if got != want {
		t.Errorf("%s\n got %+v\nwant %+v", f.Source, got, want)
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	cases := []struct {
		text string
		want Line
	}{
		{`A = "b c" `, Line{Kind: Env, Name: "A", Value: "b c"}},
		{`'A B'=c # d`, Line{Kind: Env, Name: "A B", Value: "c # d"}},
		{`A=$B`, Line{Kind: Env, Name: "A", Value: "$B"}},
		{`A=""`, Line{Kind: Env, Name: "A"}},
		{`A="b" c`, Line{Kind: Invalid}},
		{`A="b`, Line{Kind: Invalid}},
		{`A=`, Line{Kind: Invalid}},
		{`=b`, Line{Kind: Invalid}},
		{`export A=b`, Line{Kind: Invalid}},
		{`0 9 * * * * a`, Line{Kind: Invalid}},
		{`0 9 * * *`, Line{Kind: Invalid}},
		{"0 9 * * * a\x00b", Line{Kind: Invalid}},
		{`0 9 * * * -n a b`, Line{Kind: Job, Schedule: "0 9 * * *", Command: "a b", MailOnError: true}},
		{`0 9 * * * -q a b`, Line{Kind: Invalid}},
		{`0 9 * * * -n`, Line{Kind: Invalid}},
		{`  0	9 * * *  a  b `, Line{Kind: Job, Schedule: "0 9 * * *", Command: "a  b "}},
		{`@daily a\%b\n\\%c`, Line{Kind: Job, Schedule: "@daily", Command: `a%b\n\\`, Stdin: "c\n"}},
		{`@daily a%b\%c%`, Line{Kind: Job, Schedule: "@daily", Command: "a", Stdin: "b%c\n"}},
		{`@daily a%b\c\`, Line{Kind: Job, Schedule: "@daily", Command: "a", Stdin: "b\\c\\\n"}},
		{`@daily a%`, Line{Kind: Job, Schedule: "@daily", Command: "a"}},
		{`@daily a\`, Line{Kind: Job, Schedule: "@daily", Command: `a\`}},
		{`@reboot a`, Line{Kind: Reboot, Schedule: "@reboot", Command: "a"}},
		{`@reboot`, Line{Kind: Invalid}},
		{`*/15 * * * * a`, Line{Kind: Job, Schedule: "*/15 * * * *", Command: "a"}},
	}
	for _, c := range cases {
		lines, err := Parse([]byte(c.text+"\n"), Absent)
		if err != nil || len(lines) != 1 {
			t.Errorf("%q: %v, %v", c.text, lines, err)
			continue
		}
		got := lines[0]
		if (got.Err != nil) != (c.want.Kind == Invalid) {
			t.Errorf("%q: error %v", c.text, got.Err)
		}
		got.Spec, got.Err, got.Text, got.Number = nil, nil, "", 0
		if got != c.want {
			t.Errorf("%q:\n got %+v\nwant %+v", c.text, got, c.want)
		}
	}
}

func TestParseBounds(t *testing.T) {
	t.Parallel()
	if _, err := Parse(make([]byte, maxFile+1), Detect); err == nil {
		t.Error("a file above the limit")
	}
	for _, unit := range []string{"%", "\\", "* ", "\"", "=", "\x00", "#\n", "@daily x\n", "\r"} {
		if _, err := Parse([]byte(strings.Repeat(unit, (1<<20)/len(unit))), Detect); err != nil {
			t.Errorf("%q: %v", unit, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("A=b\n0 9 * * * root a%b\n@reboot x", uint8(0))
	f.Add("'A'=\"b\"\r\n*/5 * * * * -n a \\% b\n", uint8(2))
	f.Fuzz(func(t *testing.T, text string, users uint8) {
		lines, err := Parse([]byte(text), UserColumn(users%3))
		if err != nil {
			return
		}
		for _, l := range lines {
			var bad *cron.SyntaxError
			if (l.Kind == Invalid) != (l.Err != nil) || l.Kind == "" {
				t.Fatalf("%q: %+v", l.Text, l)
			}
			if errors.As(l.Err, &bad) && len(l.Err.Error()) > 1000 {
				t.Fatalf("%q: the error has %d bytes", l.Text, len(l.Err.Error()))
			}
		}
	})
}
