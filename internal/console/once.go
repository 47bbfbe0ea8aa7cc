package console

import (
	"context"
	"fmt"
	"sync"

	"github.com/batchplane/batchplane/internal/entry"
	"github.com/batchplane/batchplane/internal/port"
)

// mostForms is the largest number of forms to remember.
const mostForms = 1000

// forms holds the answers to forms that were sent. What is asked for by the same form again, by a second
// click or a reload of the answer, was done already: a second resume would also take back the skip of a
// slot, or be refused, and that refusal would be all that the person sees.
type forms struct {
	mu   sync.Mutex
	sent map[string]*sentForm
}

// sentForm is one form. Its lock is held while it is sent.
type sentForm struct {
	mu     sync.Mutex
	answer answer
}

// answer is what the control plane answered.
type answer struct {
	port.Reply
	Failed string
	Again  bool // the form was sent before: it is the answer of then
}

// Class says how the answer looks.
func (a answer) Class() string {
	switch {
	case a.Failed != "" || a.Outcome == port.Refused:
		return "failed"
	case a.Outcome == port.Accepted:
		return "ok"
	}
	return "held"
}

// once sends the request of a form, unless the same form was accepted before. It goes on if the browser
// leaves, as it does for a second click.
func (s *Server) once(ctx context.Context, a *ask, r entry.Request) answer {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTime)
	defer cancel()
	f := s.forms.form(fmt.Sprintf("%s %s %s %s %s", a.Request, a.What, a.Job, a.Run, a.Given.Encode()))
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.answer.Outcome == port.Accepted {
		before := f.answer
		before.Again = true
		return before
	}
	f.answer = s.send(ctx, r)
	return f.answer
}

func (f *forms) form(of string) *sentForm {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sent == nil || len(f.sent) >= mostForms {
		f.sent = map[string]*sentForm{}
	}
	if f.sent[of] == nil {
		f.sent[of] = &sentForm{}
	}
	return f.sent[of]
}
