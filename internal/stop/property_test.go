package stop

import (
	"math/rand"
	"testing"
	"time"
)

// evidence lists changes that give a stop something that only a started task has.
var evidence = []func(*Stop){
	func(s *Stop) { s.StartedAt = time.Unix(1, 0) },
	func(s *Stop) { s.Containers = append(s.Containers[:0:0], Container{Name: "x", ExitCode: code(0)}) },
	func(s *Stop) { s.Containers = append(s.Containers[:0:0], Container{Name: "x", RuntimeID: "r"}) },
	func(s *Stop) { s.Containers = append(s.Containers[:0:0], Container{Name: "x", RuntimeID: ofDocker}) },
	func(s *Stop) { s.LastStatus = "RUNNING" },
}

func TestEvidenceOfAStartForbidsARelaunch(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"testdata/corpus.jsonl", "testdata/variants.jsonl"} {
		for _, l := range lines(t, file) {
			s := l.stop()
			if s.Kind != Task {
				continue
			}
			for i, add := range evidence {
				for cut := 0; cut <= len(s.Reason); cut += 1 + len(s.Reason)/40 {
					x := s
					x.Reason = s.Reason[:cut]
					add(&x)
					if v := Classify(x); v.Relaunch() || v.Started == No {
						t.Fatalf("%s, evidence %d, cut at %d: %+v", l.ID, i, cut, v)
					}
				}
			}
		}
	}
}

func TestACutTextNeverProvesMore(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"testdata/corpus.jsonl", "testdata/variants.jsonl"} {
		for _, l := range lines(t, file) {
			s := l.stop()
			if s.Kind != Task || Classify(s).Started == No || doubted(s.Reason) {
				continue
			}
			for cut := range s.Reason {
				x := s
				x.Reason = s.Reason[:cut]
				if v := Classify(x); v.Started == No {
					t.Errorf("%s cut to %q: %+v", l.ID, x.Reason, v)
				}
			}
		}
	}
}

// doubted reports whether a text begins like a proof and then takes it back.
func doubted(reason string) bool {
	var x text
	x.read(reason)
	f, hold := taskLexicon.find(&x)
	return hold == anchored && f.proof != proofNone && (unsure(&x) || speaksLater.in(&x))
}

func TestMadeUpStops(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewSource(1))
	var texts []string
	for _, l := range append(lines(t, "testdata/corpus.jsonl"), lines(t, "testdata/variants.jsonl")...) {
		texts = append(texts, str(l.StoppedReason))
	}
	pick := func(list ...string) string { return list[r.Intn(len(list))] }
	relaunched := 0
	for range 20000 {
		s := Stop{
			Kind: Task, Code: pick(codeFailedToStart, codeFailedToStart, codeFailedToStart, codeEssentialExited, codeUserInitiated, codeSpot, "", "New"),
			CodeMissing: r.Intn(9) == 0, Reason: pick(texts...), LastStatus: pick("", "STOPPED", "STOPPED", "RUNNING", "PENDING"),
			Asked: Asker(pick("", "", "", "person", "timeout", "launch-timeout", "new")), AskedWhile: pick("PROVISIONING", "PENDING", "RUNNING"),
			SawPull: r.Intn(2) == 0, OnInstance: r.Intn(4) == 0,
		}
		for range r.Intn(3) {
			s.Containers = append(s.Containers, Container{Name: pick("a", "b"), Reason: pick("", "", pick(texts...))})
		}
		v := Classify(s)
		if v.Relaunch() {
			relaunched++
			mustBeSafe(t, s, v)
		}
		evidence[r.Intn(len(evidence))](&s)
		if v := Classify(s); v.Relaunch() {
			t.Fatalf("relaunched in spite of evidence: %+v %+v", s, v)
		}
	}
	if relaunched < 500 {
		t.Errorf("only %d of the made-up stops are relaunched: the test shows little", relaunched)
	}
}

func mustBeSafe(t *testing.T, s Stop, v Verdict) {
	t.Helper()
	switch {
	case shows(&s), s.LastStatus != "" && s.LastStatus != "STOPPED", s.Asked != "" && s.Asked != AskedByLaunchTimeout:
		t.Fatalf("relaunched: %+v %+v", s, v)
	case s.Asked == AskedByLaunchTimeout && s.AskedWhile == "PROVISIONING" && !s.SawPull:
	case s.Code != codeFailedToStart && !s.CodeMissing:
		t.Fatalf("relaunched without the stop code: %+v %+v", s, v)
	}
}

func FuzzClassify(f *testing.F) {
	for _, l := range append(lines(f, "testdata/corpus.jsonl"), lines(f, "testdata/variants.jsonl")...) {
		f.Add(string(l.stop().Kind), str(l.StopCode), str(l.StoppedReason), l.ErrorCode, "", false, false)
	}
	f.Fuzz(func(t *testing.T, kind, stopCode, reason, errorCode, inner string, started, exit bool) {
		s := Stop{Kind: Kind(kind), Code: stopCode, Reason: reason, ErrorCode: errorCode, Containers: []Container{{Name: "a", Reason: inner}}}
		if started {
			s.StartedAt = time.Unix(1, 0)
		}
		if exit {
			s.Containers[0].ExitCode = code(0)
		}
		v := Classify(s)
		if v.Rule == "" || v.Why == "" || v.Class == "" {
			t.Fatalf("half a verdict: %+v", v)
		}
		if task := s.Kind != LaunchFailure && s.Kind != LaunchException; task && v.Relaunch() && (started || exit || stopCode != codeFailedToStart) {
			t.Fatalf("relaunched: %+v", v)
		}
	})
}
