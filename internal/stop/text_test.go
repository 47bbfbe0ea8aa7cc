package stop

import (
	"strings"
	"testing"
)

func TestPlainForm(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                            "",
		" ":                           "",
		"\t a \r\n B\x00 ":            "a b",
		"a  b":                        "a b",
		"\u00a0a\u2000b\u200bc\u202f": "a b c",
		"a\u200cb\u2026\u203f":        "a\u200cb\u2026\u203f",
		"‘it’s’ “so it”":              "'it's' \"so it\"",
		"a – b — c":                   "a - b - c",
		"é\u00a1":                     "é\u00a1",
		"\u2128a\xe2\x80":             "\u2128a\xe2\x80",
		"\xc2":                        "\xc2",
		"a\u2240b\u3001c":             "a\u2240b\u3001c",
		"voil\u00e0 \u2192 \u2260":    "voil\u00e0 \u2192 \u2260",
		"AZaz09@[`{":                  "azaz09@[`{",
		"AZaz09@[`{ \u00e9":           "azaz09@[`{ \u00e9", // read byte by byte
		"\u2012x\u2015y\u2017z\u201ax\u201bx\u201ex": "\u2012x\u2015y\u2017z\u201ax\u201bx\u201ex",
	} {
		var x text
		x.answer(in)
		if got := string(x.bytes()); got != want {
			t.Errorf("%q is read as %q, want %q", in, got, want)
		}
	}
}

//nolint:paralleltest // testing.AllocsPerRun counts the whole process and panics in a parallel test
func TestATextOfAThousandBytesDoesNotAllocate(t *testing.T) {
	s := failed(strings.Repeat("x ", 512))
	if n := testing.AllocsPerRun(100, func() { Classify(s) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// TestPrintedCodes: the code of an exception that a client prints inside its message says whether
// something may have been launched.
func TestPrintedCodes(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]struct {
		rule    string
		started Answer
	}{
		"operation error ECS: RunTask, https response error StatusCode: 400, RequestID: 0a1, ClientException: TaskDefinition is inactive": {"launch-inactive", No},
		"operation error ECS: RunTask, https response error StatusCode: 500, RequestID: 0a1, ServerException: Service Unavailable.":       {"launch-no-answer", Unknown},
		"operation error ECS: RunTask, exceeded maximum number of attempts, api error ThrottlingException: Rate exceeded":                 {"launch-throttled", No},
		"It failed (Service: AmazonECS; Status Code: 400; Error Code: BlockedException; Request ID: 0a1)":                                 {"launch-refused-code", No},
		"It failed (Service: AmazonECS; Error Code: ServerException; Request ID: 0a1)":                                                    {"launch-no-answer", Unknown},
		"RequestID: 0a1":                            {"launch-unknown", Unknown},
		"RequestID: 0a1, it failed: somehow":        {"launch-unknown", Unknown},
		"It failed, error code: :":                  {"launch-unknown", Unknown},
		"It failed, error code: BlockedException":   {"launch-unknown", Unknown}, // cut off
		"BlockedException":                          {"launch-unknown", Unknown}, // it may also be the message
		"BlockedException: see it":                  {"launch-refused-code", No},
		"ServerException: BlockedException: see it": {"launch-no-answer", Unknown},
		"aws: [ERROR]: An error occurred (BlockedException) when calling the RunTask operation (reached max retries: 4): see it": {"launch-refused-code", No},
		"An error occurred (BlockedException": {"launch-unknown", Unknown},
		"NewThrottlingError: it failed":       {"launch-unknown", Unknown}, // a code is not looked for among the words of the message
	} {
		if v := Classify(refused("", message)); v.Rule != want.rule || v.Started != want.started {
			t.Errorf("%q: %s started %s, want %s %s", message, v.Rule, v.Started, want.rule, want.started)
		}
	}
	for _, code := range []string{"#BlockedException", "com.amazonaws.ecs#BlockedException", " blockedexception "} {
		if v := Classify(refused(code, "x")); v.Rule != "launch-refused-code" {
			t.Errorf("%q: %s", code, v.Rule)
		}
	}
}
