package stop

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// benched returns stops of many kinds, two of them with a text that no rule knows.
func benched() map[string]Stop {
	secrets := "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed caused by: Post \"https://api.ecr.us-west-2.amazonaws.com/\": dial tcp 52.94.184.143:443: i/o timeout"
	return map[string]Stop{
		"eni":      failed(eniText),
		"pull":     failed(pullText, Container{Name: "app"}),
		"secrets":  failed(secrets),
		"exit":     {Kind: Task, Code: codeEssentialExited, Reason: "Essential container in task exited", Containers: exits(0)},
		"unknown":  failed(strings.Replace(secrets, "ResourceInitializationError: unable", "What ECS never said before: unheard of", 1)),
		"unheard":  failed("What ECS never said before: the fleet of the second kind was asked for a place in the garden, gave three of them (see https://example.com/garden for each), and then changed its mind about the colour of the gate, which nobody had painted since the spring: the painter, Mr Weber, was on leave until further notice, as was his deputy, and the gate stayed open"),
		"throttle": refused("InvalidParameterException", "Error retrieving subnet information for [subnet-abc123]: Rate exceeded (ErrorCode: Throttling)"),
	}
}

// TestClassifyAllocates: nothing is allocated for a stopped task, whatever its text. For a
// refusal, the code and the message are joined, which allocates.
//
//nolint:paralleltest // testing.AllocsPerRun counts the whole process and panics in a parallel test
func TestClassifyAllocates(t *testing.T) {
	for name, s := range benched() {
		most := 0.0
		if s.Kind != Task {
			most = 2
		}
		if n := testing.AllocsPerRun(100, func() { Classify(s) }); n > most {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// BenchmarkClassify measures a verdict beside a peer that only reads each byte of the text once.
// They take turns, and the median turn counts.
func BenchmarkClassify(b *testing.B) {
	for name, s := range benched() {
		b.Run(name, func(b *testing.B) {
			var sum uint32
			calls := [2]func(){func() { Classify(s) }, func() { sum = readOnce(sum, s.Reason) }}
			var took [2][]float64
			for b.Loop() {
				for i, call := range calls {
					at := time.Now()
					for range 1000 {
						call()
					}
					took[i] = append(took[i], float64(time.Since(at))/1000)
				}
			}
			var median [2]float64
			for i := range took {
				slices.Sort(took[i])
				median[i] = took[i][len(took[i])/2]
			}
			b.ReportMetric(0, "ns/op") // would cover both, so it is left out
			b.ReportMetric(median[0], "ns-verdict")
			b.ReportMetric(median[1], "ns-read")
			b.ReportMetric(median[0]/median[1], "verdict/read")
		})
	}
}

// readOnce is FNV-1a.
func readOnce(sum uint32, text string) uint32 {
	for i := range len(text) {
		sum = (sum ^ uint32(text[i])) * 16777619
	}
	return sum
}
