package stop

import "testing"

// TestOnlyARefusalLaunchesNothing: an answer that leaves it open whether a task was launched is
// told as lost, whatever else it says; a refusal stays one, whatever it quotes. See
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ECS_Idempotency.html.
func TestOnlyARefusalLaunchesNothing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code, text string
		rule       string
		started    Answer
		throttled  bool
	}{
		"a server's error, too many requests": {"UnknownError", "https response error StatusCode: 503, RequestID: , too many requests", "launch-lost", Unknown, false},
		"a server's error, no capacity":       {"", "status code: 500: capacity is unavailable at this time", "launch-lost", Unknown, false},
		"a new code, a rate":                  {"SomethingNew", "Rate exceeded", "launch-throttled-ec2", Unknown, false},
		"no code, a rate":                     {"", "Error retrieving subnet information for [subnet-1]: Rate exceeded (ErrorCode: Throttling)", "launch-throttled-ec2", No, true},
		"a refusal that quotes a status":      {"ClientException", "the agent answered with status code: 500", "launch-refused-unclear", No, false},
		"a refusal that quotes a lost answer": {"AccessDeniedException", "the policy's service: context deadline exceeded", "launch-refused-code", No, false},
		"EC2 throttled within ECS":            {"InvalidParameterException", "Error retrieving subnet information for [subnet-1]: Request limit exceeded (Service: AmazonEC2; Status Code: 503)", "launch-throttled-ec2", No, true},
		"EC2 did not answer ECS":              {"InvalidParameterException", "Error retrieving security group information for [sg-1]: Unable to execute HTTP request: Read timed out", "launch-ec2-unreachable", No, false},
		"ECS did not answer Java":             {"", "Unable to execute HTTP request: Read timed out", "launch-lost", Unknown, false},
		"ECS did not answer Step Functions":   {"ECS.AmazonECSException", "Unable to execute HTTP request: Connect to ecs.us-east-1.amazonaws.com:443 failed: connect timed out", "launch-lost", Unknown, false},
	} {
		s := Stop{Kind: LaunchException, ErrorCode: c.code, Reason: c.text}
		if v := Classify(s); v.Rule != c.rule || v.Started != c.started || Throttled(s) != c.throttled || v.Relaunch() && v.Started != No {
			t.Errorf("%s: %+v, throttled %t", name, v, Throttled(s))
		}
	}
}
