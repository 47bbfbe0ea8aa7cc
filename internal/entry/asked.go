package entry

import (
	"cmp"
	"encoding/json"
	"strings"

	"github.com/batchplane/batchplane/internal/job"
	"github.com/batchplane/batchplane/internal/port"
)

// asking returns a request in the form in which it is kept before it is answered.
func asking(way Way, requestID string, r Request, body []byte) port.Asked {
	a := port.Asked{ID: requestID, Door: string(way)}
	switch {
	case r.Run != nil:
		a.What, a.Job, a.By, a.ID = "run", r.Run.Job, r.Run.By, cmp.Or(r.Run.RequestID, requestID)
	case r.Retry != nil:
		a.What, a.Job, a.Run, a.By, a.ID = "retry", r.Retry.Run.Job(), r.Retry.Run, r.Retry.By, cmp.Or(r.Retry.RequestID, requestID)
	case r.Stop != nil:
		a.What, a.Job, a.Run, a.By = "stop", r.Stop.Run.Job(), r.Stop.Run, r.Stop.By
	case r.Pause != nil:
		a.What, a.Job, a.By = "pause", r.Pause.Job, r.Pause.By
	case r.Resume != nil:
		a.What, a.Job, a.By = "resume", r.Resume.Job, r.Resume.By
	case r.Skip != nil:
		a.What, a.Job, a.By = "skipNext", r.Skip.Job, r.Skip.By
	case r.Kept != nil:
		a.What, a.By = "kept", r.Kept.By
	case r.Redrive != nil:
		a.What, a.By = "redrive", r.Redrive.By
	case r.Slot != nil:
		a.What, a.Job = "slot", r.Slot.Name
	default:
		return a // what cannot be read may contain anything
	}
	a.Request = told(body, r)
	return a
}

// mostKept is the largest number of bytes of a request that are kept. A longer one is refused
// anyway: ECS accepts 8,192 characters of overrides, and a character takes at most six bytes.
const mostKept = 64 << 10

// hidden replaces a text that looks like a secret.
const hidden = "(looks like a secret and is not kept)"

// told returns a request without texts that look like secrets.
func told(body []byte, r Request) json.RawMessage {
	var document map[string]any
	if json.Unmarshal(body, &document) != nil {
		return nil
	}
	delete(document, "job")           // a definition, which is not part of a person's request
	delete(document, "widgetContext") // nor is the layout of a dashboard
	if r.ReasonIn != "" {
		delete(document, "reasonIn")
		document["reason"] = r.Retry.Reason
	}
	out, err := json.Marshal(without("", document))
	if err != nil || len(out) > mostKept {
		return nil
	}
	return out
}

func without(name string, v any) any {
	switch v := v.(type) {
	case string:
		if job.LooksSecret(name, v) {
			return hidden
		}
	case []any:
		option := "" // an option whose value comes next
		for i := range v {
			text, _ := v[i].(string)
			v[i] = without(option, v[i])
			name, value, ok := strings.Cut(text, "=")
			if ok && job.LooksSecret(strings.TrimLeft(name, "-"), value) {
				v[i] = name + "=" + hidden
			}
			if option = ""; !ok && strings.HasPrefix(text, "-") {
				option = strings.TrimLeft(text, "-")
			}
		}
	case map[string]any:
		for k := range v {
			v[k] = without(k, v[k])
		}
	}
	return v
}
