package dynamo_test

import (
	"encoding/base64"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/batchplane/batchplane/internal/run"
)

var update = flag.Bool("update", false, "write testdata/run.v1.base64 anew: only when the version of items changes")

const oldFile = "testdata/run.v1.base64"

// oldBody returns a body as version 1 wrote it on the day the file was made.
func oldBody(t *testing.T) []byte {
	t.Helper()
	if *update {
		l := newLife(t, plain())
		l.trigger()
		l.stopped(1, ended(0))
		l.status(run.Succeeded)
		b, ok := l.table.item(t, l.id)["b"].(*types.AttributeValueMemberB)
		if !ok {
			t.Fatal("the body is not binary")
		}
		if err := os.WriteFile(oldFile, []byte(base64.StdEncoding.EncodeToString(b.Value)+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(oldFile)
	if err != nil {
		t.Fatal(err)
	}
	b, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return b
}
