package peers

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write docs/cron-peers.md anew")

const (
	minute = "2006-01-02T15:04Z"
	doc    = "../../docs/cron-peers.md"
	data   = "../../internal/cron/testdata/"
	// most limits how many fires of a vector are compared.
	most = 20_000
)

type vector struct {
	Cron, Zone, Rule, From, To, Note, Last string
	Fires                                  json.RawMessage
	First                                  []string
	SHA256                                 string
}

func vectors(t *testing.T, name string) (out []vector) {
	t.Helper()
	f, err := os.Open(data + name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for s := bufio.NewScanner(f); s.Scan(); {
		var v vector
		if err := json.Unmarshal(s.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	out, err := time.Parse(minute, text)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// refused lists expressions that cron does not run, and why.
var refused = []struct{ expr, why string }{
	{"0 30 * * *", "no hour 30"},
	{"0 22-2 * * *", "a range that runs backwards: never run by newer cronie, refused by older"},
	{"5/15 * * * *", "a step without * or a range"},
	{"0 9 * * 1-8", "no weekday 8"},
	{"0 9 ? * 1", "? is not cron's"},
	{"0 9 L * *", "L is not cron's"},
	{"0 0 30 2 *", "no such day: refused, or no fire"},
	{"* * * *", "four fields"},
	{"@every 5m", "not cron's"},
}

// speed is what BenchmarkNext showed in November 2026 on two busy cores: 124 times in each of
// three runs.
const speed = "\n## How long the next fire takes\n\n" +
	"For `30 2 * * 1-5` in Europe/Berlin, the others took at least 120 times as long as batchplane's 34 ns (robfig/cron 4.2 microseconds, netresearch/go-cron 4.8,\n" +
	"hashicorp/cronexpr 10, adhocore/gronx 27), and at least three times as long to parse an expression. A scheduler asks once per fire, so hardly anybody notices; you do if you preview years of 10,000 jobs.\n" +
	"`make bench BENCH=Next` measured this, with the time zone data that suits the others best: all clock changes written out, as in Debian's files.\n" +
	"Go's own data has a rule for future years, which the standard library evaluates on each call; with it, robfig/cron takes eight times as long.\n"

// TestTable runs every vector through every engine. The result is the document; ours must be
// right in every case.
func TestTable(t *testing.T) {
	var b strings.Builder
	b.WriteString("<!-- Generated from the vectors in internal/cron/testdata. Do not edit: run\n     (cd test/peers && go test -run TestTable -update) -->\n\n# Go's cron libraries compared with batchplane\n\n" +
		"The table compares when each library fires crontab lines with when cronie, the cron of most Linux distributions, runs them. A library that follows another\n" +
		"rule is not wrong in itself, but it cannot tell you when a crontab line runs.\n\n| vector | " + head() + "\n|---|" + strings.Repeat("---|", len(engines)) + "\n")
	lines(t, &b)
	clocks(t, &b)
	refusals(t, &b)
	b.WriteString("\n`yes`: the same minutes as cron. `-`: other minutes or an error; in the last group, no error and fires.\nVersions: test/peers/go.mod.\n" + speed)
	if *update {
		if err := os.WriteFile(doc, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(doc)
	if err != nil || string(want) != b.String() {
		t.Errorf("%s is not current (-update writes it anew), %v", doc, err)
	}
}

func head() string {
	var names []string
	for _, e := range engines {
		names = append(names, e.name)
	}
	return strings.Join(names, " | ") + " |"
}

// row writes a line of the table; ours must be right.
func row(t *testing.T, b *strings.Builder, what string, right func(engine) bool) {
	t.Helper()
	fmt.Fprintf(b, "| %s |", what)
	for i, e := range engines {
		switch ok := right(e); {
		case ok:
			b.WriteString(" yes |")
		default:
			b.WriteString(" - |")
			if i == 0 {
				t.Errorf("%s: ours is wrong", what)
			}
		}
	}
	b.WriteString("\n")
}

// lines covers the lines of real crontabs, in UTC over two years.
func lines(t *testing.T, b *strings.Builder) {
	t.Helper()
	total := 0
	right := make([]int, len(engines))
	from, to := at(t, "2026-01-01T00:00Z"), at(t, "2028-01-01T00:00Z")
	for _, v := range vectors(t, "fires.jsonl") {
		var n int
		if err := json.Unmarshal(v.Fires, &n); err != nil {
			t.Fatal(err)
		}
		if n > most {
			continue
		}
		total++
		for i, e := range engines {
			got, err := fires(e, v.Cron, "UTC", from, to)
			if err == nil && same(got, n, v) {
				right[i]++
			} else if i == 0 {
				t.Errorf("%s: %d fires, %v; want %d", v.Cron, len(got), err, n)
			}
		}
	}
	fmt.Fprintf(b, "| lines of real crontabs with up to %d fires in two years, in UTC |", most)
	for _, n := range right {
		fmt.Fprintf(b, " %d of %d |", n, total)
	}
	b.WriteString("\n")
	if total < 50 {
		t.Errorf("only %d lines", total)
	}
}

func same(got []time.Time, n int, v vector) bool {
	if len(got) != n || n > 0 && got[n-1].Format(minute) != v.Last {
		return false
	}
	for i, first := range v.First {
		if got[i].Format(minute) != first {
			return false
		}
	}
	return true
}

// clocks covers the changes of the clocks, as the daemon treats them.
func clocks(t *testing.T, b *strings.Builder) {
	t.Helper()
	for _, v := range vectors(t, "dst.jsonl") {
		if v.Rule != "daemon" {
			continue
		}
		var want []string
		if err := json.Unmarshal(v.Fires, &want); err != nil {
			t.Fatal(err)
		}
		what := fmt.Sprintf("`%s` in %s, %s: %s", v.Cron, v.Zone, v.From[:7], v.Note)
		row(t, b, what, func(e engine) bool {
			got, err := fires(e, v.Cron, v.Zone, at(t, v.From), at(t, v.To))
			var texts []string
			for _, g := range got {
				texts = append(texts, g.Format(minute))
			}
			return err == nil && slices.Equal(slices.Compact(texts), want)
		})
	}
}

func refusals(t *testing.T, b *strings.Builder) {
	t.Helper()
	from := at(t, "2026-01-01T00:00Z")
	for _, r := range refused {
		row(t, b, fmt.Sprintf("`%s` is refused: %s", r.expr, r.why), func(e engine) bool {
			got, err := fires(e, r.expr, "UTC", from, from.AddDate(1, 0, 0))
			return err != nil || len(got) == 0 && r.expr == "0 0 30 2 *"
		})
	}
}

// beside reports how many times as long as ours a peer takes. They take turns and the median turn
// counts, so that other work of the machine affects both.
func beside(b *testing.B, ours, peer func()) {
	const calls = 50
	turn := func(f func()) float64 {
		at := time.Now()
		for range calls {
			f()
		}
		return float64(time.Since(at)) / calls
	}
	var us, them []float64
	for b.Loop() {
		us, them = append(us, turn(ours)), append(them, turn(peer))
	}
	slices.Sort(us)
	slices.Sort(them)
	b.ReportMetric(0, "ns/op") // would cover both, so it is left out
	b.ReportMetric(us[len(us)/2], "ns-ours")
	b.ReportMetric(them[len(them)/2], "ns")
	b.ReportMetric(them[len(them)/2]/us[len(us)/2], "x-ours")
}

// TestWritten: a zone whose changes are written out is the same zone.
func TestWritten(t *testing.T) {
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "UTC"} {
		got, err := written(name)
		if err != nil {
			t.Fatal(err)
		}
		want, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2036; at = at.Add(17 * time.Minute) {
			if a, b := at.In(got).String(), at.In(want).String(); a != b {
				t.Fatalf("%s: %s, want %s", name, a, b)
			}
		}
	}
}

// BenchmarkNext gives each engine the zones that suit it best: the others get zones whose changes
// are written out, and "Default" shows what that is worth.
func BenchmarkNext(b *testing.B) {
	best := with(written)
	for _, c := range []struct{ name, expr, zone string }{
		{"UTC", "30 2 * * 1-5", "UTC"}, {"Berlin", "30 2 * * 1-5", "Europe/Berlin"}, {"Default", "30 2 * * 1-5", "Europe/Berlin"}, {"LeapDay", "0 0 29 2 *", "UTC"},
	} {
		those := best
		if c.name == "Default" {
			those = engines
		}
		walk := func(b *testing.B, e engine) func() {
			b.Helper()
			n, err := e.read(c.expr, c.zone)
			if err != nil {
				b.Fatal(err)
			}
			// Up to 2036: from 2038 on the standard library's zones are slower.
			start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
			slot := start
			return func() {
				if slot = n(slot); slot.IsZero() || slot.Year() > 2036 {
					slot = start
				}
			}
		}
		for _, e := range those[1:] {
			b.Run(c.name+"/"+strings.ReplaceAll(e.name, "/", "-"), func(b *testing.B) {
				beside(b, walk(b, those[0]), walk(b, e))
			})
		}
	}
}

func BenchmarkParse(b *testing.B) {
	for _, e := range engines[1:] {
		if e.name == "adhocore/gronx" {
			continue // it parses the text anew at each Next
		}
		b.Run(strings.ReplaceAll(e.name, "/", "-"), func(b *testing.B) {
			parse := func(e engine) func() {
				return func() {
					if _, err := e.read("*/5 8-18 * * 1-5", "UTC"); err != nil {
						b.Fatal(err)
					}
				}
			}
			beside(b, parse(engines[0]), parse(e))
		})
	}
}
