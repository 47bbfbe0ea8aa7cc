package cron

import (
	"math/rand/v2"
	"strings"
	"testing"
)

func TestNormal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{"rate(1 minutes)", "rate(1 minute)"},
		{"rate(1 day)", "rate(1 day)"},
		{"rate(2 minutes)", "rate(2 minutes)"},
		{"rate(60 minutes)", "rate(60 minutes)"},
		{"rate( 5   minutes )", "rate(5 minutes)"},
		{"at(2026-11-22T13:00:00)", "at(2026-11-22T13:00:00)"},
		{"cron(0 9 * * ?)", "cron(0 9 * * ? *)"},
		{"cron(0  9 *  * ? *)", "cron(0 9 * * ? *)"},
		{"cron(*/5 * * * ? *)", "cron(0,5,10,15,20,25,30,35,40,45,50,55 * * * ? *)"},
		{"cron(0/5 5/6 1/10 2/3 ? 2026/2)", "cron(0/5 5/6 1/10 2/3 ? 2026/2)"},
		{"cron(*/1 */6 */10 */3 ? */2)", "cron(* 0,6,12,18 1,11,21,31 1,4,7,10 ? 1970/2)"},
		{"cron(10-50/20 8-18/5 1-9/4 1-5/2 ? 2026-2030/2)", "cron(10,30,50 8,13,18 1,5,9 1,3,5 ? 2026,2028,2030)"},
		{"cron(0 9 ? * 2/2 *)", "cron(0 9 ? * 2,4,6 *)"},
		{"cron(0 9 ? * SAT-MON *)", "cron(0 9 ? * 1,2,7 *)"},
		{"cron(0 22-2 30-2 NOV-FEB ? *)", "cron(0 0-2,22,23 1,2,30,31 1,2,11,12 ? *)"},
		{"cron(0 9 ? jan-mar mon-fri *)", "cron(0 9 ? 1-3 2-6 *)"},
		{"cron(0 9 ? JAN-MAR MON-FRI,SUN *)", "cron(0 9 ? JAN-MAR MON-FRI,SUN *)"},
		{"cron(0 9 LW,3W,5 * ? 2026,2028-2030)", "cron(0 9 LW,3W,5 * ? 2026,2028-2030)"},
		{"cron(0 9 */10,L,15W * ? *)", "cron(0 9 1,11,21,31,L,15W * ? *)"},
		{"cron(0 9 LW,1-3/2 * ? *)", "cron(0 9 1,3,LW * ? *)"},
		{"cron(0 9 ? * FRIL *)", "cron(0 9 ? * 6L *)"},
		{"cron(0 9 ? * MON#2 *)", "cron(0 9 ? * 2#2 *)"},
		{"cron(0 9 ? * 2,6L *)", "cron(0 9 ? * 2,6L *)"},
		{"cron(0 9 ? * L *)", "cron(0 9 ? * L *)"},
		{"cron(0 9 ? * 2,FRIL *)", "cron(0 9 ? * 2,FRIL *)"},       // no guide has it
		{"cron(0 9 ? * MONL,FRIL *)", "cron(0 9 ? * MONL,FRIL *)"}, // nor this
		{"cron(0 */1 */1 */1 ? */1)", "cron(0 * * * ? *)"},
		{"cron(0 9 ? * */1 *)", "cron(0 9 ? * * *)"},
		{"cron(5,* 9 * * ? 1970-2199)", "cron(* 9 * * ? 1970-2199)"},
	} {
		if got, err := parse(t, c.text).Normal(); err != nil || got != c.want {
			t.Errorf("%s: %s, %v; want %s", c.text, got, err, c.want)
		}
	}
	if _, err := parse(t, "0 9 * * *").Normal(); err == nil || !strings.Contains(err.Error(), "no EventBridge expression") {
		t.Error(err)
	}
	if _, err := parse(t, "cron(0-58/2 0-22/2 1-31/2 * ? 1970-2198/2)").Normal(); err == nil || !strings.Contains(err.Error(), "at most 256") {
		t.Error(err)
	}
}

// TestRandomNormals: the normal form means the same, is normal itself, and has nothing that
// the guides do not have.
func TestRandomNormals(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(21, 22))
	for range 1000 {
		text := randomAWS(rng)
		spec := parse(t, text)
		got, err := spec.Normal()
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		again := parse(t, got)
		if err := Prove(spec, []*Spec{again}, proofStart); err != nil {
			t.Fatalf("%s is not %s: %v", got, text, err)
		}
		if twice, err := again.Normal(); err != nil || twice != got || strings.Contains(got, "*/") || len(strings.Fields(got)) != 6 {
			t.Fatalf("%s becomes %s and then %s, %v", text, got, twice, err)
		}
	}
}
