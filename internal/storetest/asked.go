package storetest

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

func putAsked(t *testing.T, s Store, as ...port.Asked) {
	t.Helper()
	for _, a := range as {
		if err := s.PutAsked(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
}

func asked(t *testing.T, s Store) {
	at := func(minutes int) time.Time { return t0.Add(time.Duration(minutes) * time.Minute) }
	long := "arn:aws:sts::123456789012:assumed-role/" + strings.Repeat("r", 300)
	putAsked(t, s,
		port.Asked{ID: "1", At: at(1), By: "mia", Job: "report"},
		port.Asked{ID: "3", At: at(3), By: "ann", Job: "*"},
		port.Asked{ID: "2", At: at(2), By: "ann", Job: "report"},
		port.Asked{ID: "2b", At: at(2), By: long + "/b", Job: "etl"},
		port.Asked{ID: "0", At: at(0), By: long + "/a"},
	)
	for name, tc := range map[string]struct {
		q    port.AskedQuery
		want string
	}{
		"all":                                   {port.AskedQuery{}, "3 2b 2 1 0"},
		"the newest":                            {port.AskedQuery{Limit: 1}, "3"},
		"since then":                            {port.AskedQuery{Since: at(1)}, "3 2b 2 1"},
		"since later":                           {port.AskedQuery{Since: at(4)}, ""},
		"about a job":                           {port.AskedQuery{Job: "report"}, "2 1"},
		"about all jobs":                        {port.AskedQuery{Job: "*"}, "3"},
		"of a person":                           {port.AskedQuery{By: "ann"}, "3 2"},
		"of one of two whose names begin alike": {port.AskedQuery{By: long + "/a"}, "0"},
		"about a job, of a person":              {port.AskedQuery{Job: "report", By: "mia"}, "1"},
		"about a job since":                     {port.AskedQuery{Job: "report", Since: at(2)}, "2"},
		"of nobody":                             {port.AskedQuery{By: "bob"}, ""},
	} {
		got, err := s.Asked(t.Context(), tc.q)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var ids []string
		for _, a := range got {
			ids = append(ids, a.ID)
		}
		if name := strings.Join(ids, " "); name != tc.want && name != strings.Replace(tc.want, "2b 2", "2 2b", 1) {
			t.Errorf("%+v: got %q, want %q", tc.q, name, tc.want)
		}
	}
}

func askedAgain(t *testing.T, s Store) {
	a := port.Asked{
		ID: "r-1", At: t0, By: "arn:aws:iam::123456789012:user/mia", Door: "people", What: "run", Job: "report",
		Request: json.RawMessage(`{"run":"report","args":["ü"]}`),
	}
	putAsked(t, s, a)
	a.Run, a.Outcome, a.Message = "report/manual-0123456789ab", port.Accepted, "launched"
	putAsked(t, s, a)
	got, err := s.Asked(t.Context(), port.AskedQuery{Job: "report"})
	if err != nil || len(got) != 1 || !reflect.DeepEqual(got[0], a) {
		t.Errorf("got %+v, %v; want %+v", got, err, a)
	}
}

func unreadableAsked(t *testing.T, s Store) {
	of := func(id string, minutes int) port.Asked {
		return port.Asked{ID: id, At: t0.Add(time.Duration(minutes) * time.Minute), By: "ann", Job: "report", Message: "launched"}
	}
	putAsked(t, s, of("1", 0), of("2", 1), of("3", 2))
	if err := s.CorruptAsked(t.Context(), of("2", 1)); err != nil {
		t.Fatal(err)
	}
	for _, q := range []port.AskedQuery{{}, {Job: "report"}, {By: "ann"}, {Job: "report", By: "ann"}} {
		got, err := s.Asked(t.Context(), q)
		if err != nil || len(got) != 3 || got[0].ID != "3" || got[2].ID != "1" {
			t.Fatalf("%+v: %+v, %v", q, got, err)
		}
		if a := got[1]; a.ID == "" || !a.At.Equal(t0.Add(time.Minute)) || !strings.Contains(a.Message, "cannot be read") {
			t.Errorf("%+v: %+v", q, a)
		}
	}
}

func pending(t *testing.T, s Store) {
	var ids []string
	for i, name := range []string{"b", "a", "c"} {
		p := port.Pending{
			Slot:  port.Slot{Name: name, At: t0.Truncate(time.Minute), Carried: &job.Job{Name: name, Command: []string{"<x>"}}, Schedule: "arn"},
			Since: t0.Add(time.Duration(i) * time.Minute), Until: t0.Add(time.Hour), Why: "w",
		}
		ids = append(ids, p.ID())
		for range 2 { // the same input comes again
			if err := s.PutPending(t.Context(), p); err != nil {
				t.Fatal(err)
			}
		}
		if name == "a" {
			p.Done = true
			if err := s.PutPending(t.Context(), p); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err := s.Pending(t.Context(), 10)
	if err != nil || len(got) != 2 || got[0].ID() != ids[0] || got[1].ID() != ids[2] {
		t.Fatalf("got %+v, %v", got, err)
	}
	if p := got[0]; p.Slot.Carried.Command[0] != "<x>" || p.Slot.Schedule != "arn" || !p.Since.Equal(t0) || !p.Until.Equal(t0.Add(time.Hour)) || p.Why != "w" {
		t.Errorf("got %+v", p)
	}
	if got, err := s.Pending(t.Context(), 1); err != nil || len(got) != 1 {
		t.Errorf("one of them: %+v, %v", got, err)
	}
}

func unreadablePending(t *testing.T, s Store) {
	for i, name := range []string{"a", "b", "c"} {
		p := port.Pending{Slot: port.Slot{Name: name, At: t0}, Since: t0.Add(time.Duration(i) * time.Minute), Until: t0.Add(time.Hour)}
		if err := s.PutPending(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		if name == "a" {
			if err := s.CorruptPending(t.Context(), p.ID()); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err := s.Pending(t.Context(), 2)
	var unreadable *port.UnreadablePendingError
	if !errors.As(err, &unreadable) || len(unreadable.Slots) != 1 || len(got) != 2 || got[0].Slot.Name != "b" || got[1].Slot.Name != "c" {
		t.Fatalf("got %+v, %v; want b and c beside the error", got, err)
	}
	for id, err := range unreadable.Slots {
		if !errors.Is(err, port.ErrUnreadable) {
			t.Errorf("%s: %v", id, err)
		}
		if err := s.DonePending(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
	if got, err := s.Pending(t.Context(), 10); err != nil || len(got) != 2 {
		t.Errorf("once it is done: %+v, %v; want b and c", got, err)
	}
}
