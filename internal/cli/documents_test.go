package cli_test

import (
	"encoding/binary"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
)

// inUTF16 encodes a text as PowerShell's > writes it.
func inUTF16(order binary.AppendByteOrder, s string) string {
	out := order.AppendUint16(nil, 0xfeff)
	for _, unit := range utf16.Encode([]rune(s)) {
		out = order.AppendUint16(out, unit)
	}
	return string(out)
}

const (
	inYAML = "tasks:\n- containers:\n  - lastStatus: STOPPED\n    name: app\n  lastStatus: STOPPED\n  stopCode: TaskFailedToStart\n" +
		"  stoppedReason: Timeout waiting for network interface provisioning to complete.\n  taskArn: arn:t\nfailures: []\n"
	pretty = "{\n  \"taskArn\": \"arn:t\",\n  \"lastStatus\": \"RUNNING\"\n}\n"
)

// TestClassifyWhatStandsAround: a text as Windows, a log or the AWS CLI gives it is read like the
// plain one.
func TestClassifyWhatStandsAround(t *testing.T) {
	t.Parallel()
	plain := withInput(t, detail, "classify")
	for name, in := range map[string]string{
		"a mark, and lines of Windows":      "\ufeff" + detail + "\r\n",
		"a mark before a list":              "\ufeff[" + detail + "]",
		"text within text":                  strconv.Quote(detail),
		"UTF-16":                            inUTF16(binary.LittleEndian, detail),
		"UTF-16, the other way round":       inUTF16(binary.BigEndian, detail+"\r\n"),
		"YAML":                              inYAML,
		"YAML, marked as such":              "---\n" + inYAML,
		"YAML, one task":                    strings.ReplaceAll(strings.TrimPrefix(strings.TrimSuffix(inYAML, "failures: []\n"), "tasks:\n"), "\n  ", "\n  "),
		"a line of a log":                   "2026-01-01T00:00:00.000Z " + detail,
		"a line of aws logs tail":           "2026-01-01T00:00:00.000Z stream/app/1 " + detail + "\n",
		"a level in brackets":               "[INFO] 2026-01-01 " + detail,
		"a number in brackets":              "[2026-01-01] " + detail,
		"a word that JSON knows":            "true or not: " + detail,
		"words before the one of many rows": "stopped: " + strings.ReplaceAll(detail, ",\"", ",\n\"") + "\n",
	} {
		if got := withInput(t, in, "classify"); got.out != plain.out || got.code != 0 || got.err != "" {
			t.Errorf("%s: exit code %d, %s%s", name, got.code, got.out, got.err)
		}
	}
	lines := withInput(t, strings.Repeat("2026-01-01T00:00:00.000Z "+detail+"\n", 3), "classify")
	if lines.code != 0 || lines.out != strings.Repeat(plain.out, 3) {
		t.Errorf("three lines: %+v", lines)
	}
	for name, in := range map[string]string{
		"cut off, at the first":  "10:00 {\"taskArn\":\n10:01 " + detail + "\n",
		"cut off, in the middle": "10:00 " + pretty + "10:01 {\"a\"\n10:02 no task\n10:03 " + detail,
		"nothing, then one":      "10:00 {oops}\n10:01 nothing\n10:02 " + detail,
	} {
		got := withInput(t, in, "classify")
		if got.code != 2 || !strings.HasSuffix(got.out, plain.out) || strings.Count(got.err, "not JSON") != 1 || strings.Count(got.err, "\n") != 1 {
			t.Errorf("%s: exit code %d, %s%s", name, got.code, got.out, got.err)
		}
	}
}

// TestClassifyNonsense: input that is not a document is described in terms of the input, not of a
// program.
func TestClassifyNonsense(t *testing.T) {
	t.Parallel()
	for in, says := range map[string]string{
		"CannotPullContainerError: x: not found":            `write a bare reason as {"stoppedReason": "..."}`,
		"Task failed to start":                              "not JSON",
		"TASKS\tarn:t\tSTOPPED":                             "it seems to be text of the AWS CLI, which has no field names: print it with --output json",
		"-----------\n|DescribeTasks|\n+---------+\n":       "it seems to be a table of the AWS CLI: print it with --output json",
		"Stopped reason: Task failed to start\nMore: words": "not JSON",
		"a: [":                                     "not JSON",
		"name: batchplane\non: push":               "not JSON",
		"{'taskArn': 'arn:t', 'x': <A object>}":    "it seems to be an object as Python prints it, with more than literals: print it with json.dumps",
		"<html><body>403</body></html>":            "not JSON: invalid character '<'",
		"\x00\x01\x02":                             "not JSON: invalid character",
		`{"taskArn": "arn:t", "lastStatus": "STOP`: "not JSON: it ends in the middle of a value: is it cut off?",
		`{"tasks": [{"taskArn": "arn:t"}`:          "not JSON: it ends in the middle of a value: is it cut off?",
		"[":                                        "not JSON: it ends in the middle of a value",
		"[1, 2]":                                   "document[0]: want an object, it is a number",
		"null":                                     "it has nothing",
		"-1":                                       "want an object, it is a number",
		"true":                                     "want an object, it is true or false",
		`"Essential container in task exited"`:     "it is text that is not JSON",
		`[["TaskFailedToStart", "x"]]`:             "document[0][0]: want an ECS document, it is text that is not JSON",
		`{"taskArns": ["arn:t"]}`:                  `it has ["taskarns"]`,
		`{"services": [], "failures": []}`:         "want an answer about tasks, it is one about services",
		`{"lastStatus": 5}`:                        "lastStatus: want a string, it is a number",
		`{"lastStatus": "STOPPED", "containers": {"name": "a"}}`:        "containers: want an array, it is an object",
		`{"containers": [{"name": "a", "exitCode": "1x"}]}`:             "containers[0].exitCode: want an integer, it is a string",
		`{"containers": [{"name": "a", "exitCode": 1e99}]}`:             "containers[0].exitCode: want an integer, it is a number",
		`{"containers": [null]}`:                                        "containers[0]: want an object, it is null",
		`{"taskArn": "a", "startedAt": "yesterday"}`:                    "startedAt: want a time, it is a string",
		`{"taskArn": "a", "startedAt": {}}`:                             "startedAt: want a time, it is an object",
		`{"task": "arn:t"}`:                                             "task: want an object, it is a string",
		`{"task": {"taskArn": "a"}, "definition": {}}`:                  "definition: want an array, it is an object",
		`{"results": [[{"field": "@ptr", "value": "x"}]]}`:              "results: none of them has the field @message",
		`{"results": [1]}`:                                              "results[0]: want the fields of a row, it is a number",
		`{"Error": {"Code": 5, "Message": "x"}}`:                        "error.code: want a string, it is a number",
		`{"events": [{"type": "TaskScheduled", "previousEventId": 1}]}`: "events: none of them is the end of a task",
	} {
		got := withInput(t, in, "classify")
		if got.code != 2 || got.out != "" || !strings.Contains(got.err, says) || !strings.Contains(got.err, "standard input:1: ") {
			t.Errorf("%q: exit code %d, %q%q; want %q", in, got.code, got.out, got.err, says)
		}
		for _, word := range []string{"Go value", "json:", "unmarshal", "interface", "map[", "struct", "panic", "nil"} {
			if strings.Contains(got.err, word) {
				t.Errorf("%q: the error speaks of %q: %s", in, word, got.err)
			}
		}
	}
}
