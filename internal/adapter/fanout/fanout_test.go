package fanout

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/batchplane/batchplane/internal/notice"
)

type way struct {
	err  error
	told []string
}

func (w *way) Notify(_ context.Context, n notice.Notice) error {
	if w.err == nil {
		w.told = append(w.told, n.ID)
	}
	return w.err
}

func TestNotify(t *testing.T) {
	t.Parallel()
	mail, chat := &way{}, &way{err: errors.New("revoked")}
	n := Notifier{Ways: []Way{{"chat", chat}, {"mail", mail}}}
	for range 2 {
		if err := n.Notify(t.Context(), notice.Notice{ID: "1"}); !errors.Is(err, chat.err) {
			t.Fatalf("got %v", err)
		}
	}
	chat.err = nil
	if err := n.Notify(t.Context(), notice.Notice{ID: "1"}); err != nil {
		t.Fatal(err)
	}
	if len(mail.told) != 1 || len(chat.told) != 1 {
		t.Errorf("mail heard %q, chat %q: want each once", mail.told, chat.told)
	}
	for i := range 2 * remembered {
		if err := n.Notify(t.Context(), notice.Notice{ID: fmt.Sprint("x", i)}); err != nil {
			t.Fatal(err)
		}
	}
	if len(n.took) != remembered || len(n.order) != remembered {
		t.Errorf("remembers %d", len(n.took))
	}
}
