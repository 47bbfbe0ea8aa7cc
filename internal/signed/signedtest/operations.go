package signedtest

// operation is an operation of a service: how a request to it looks.
type operation struct {
	// service is the name in signatures.
	service string
	// kind is the content type.
	kind  string
	takes members
}

// members are those of a structure, by the names that they have in a request.
type members map[string]member

type member struct {
	is       kind
	required bool
	// min and max bound the characters of a text, a number, or the entries of a list; a max of 0
	// is none.
	min, max int
	// of holds the members of the structures in a list; nil if it is a list of texts.
	of members
}

type kind int

const (
	text kind = iota
	number
	list
)

// The content types of the protocols.
const (
	json0 = "application/x-amz-json-1.0"
	json1 = "application/x-amz-json-1.1"
	query = "application/x-www-form-urlencoded"
)

// needed returns a member that a request must have.
func needed(m member) member {
	m.required = true
	return m
}

var (
	name64 = member{min: 1, max: 64}
	bus    = member{min: 1, max: 1600}
	token  = member{min: 1, max: 2048}
	page   = member{is: number, min: 1, max: 100}
	free   = member{}
	words  = member{is: list}
)

// operations has the operations that package signed is used for. Names, types and bounds are those of
// the services' models as botocore 1.43.127 has them: events 2015-10-07, scheduler 2021-06-30, sqs
// 2012-11-05, ec2 2016-11-15 and service-quotas 2019-06-24, each in data/<service>/<version>/service-2.json.
// Members that batchplane has no use for and whose form is longer, such as filters, are left out.
var operations = map[string]operation{
	"AWSEvents.DescribeRule":      {"events", json1, members{"Name": needed(name64), "EventBusName": bus}},
	"AWSEvents.ListRules":         {"events", json1, members{"NamePrefix": name64, "EventBusName": bus, "NextToken": token, "Limit": page}},
	"AWSEvents.ListTargetsByRule": {"events", json1, members{"Rule": needed(name64), "EventBusName": bus, "NextToken": token, "Limit": page}},
	// An entry needs source, detail type and detail (Amazon EventBridge API reference, PutEvents).
	"AWSEvents.PutEvents": {"events", json1, members{"Entries": needed(member{is: list, min: 1, max: 10, of: members{
		"Source": needed(free), "DetailType": needed(free), "Detail": needed(free), "Resources": words, "EventBusName": bus,
	}})}},
	"GET /schedules/{Name}": {"scheduler", "", members{"Name": needed(name64), "groupName": name64}},
	"GET /schedules":        {"scheduler", "", members{"ScheduleGroup": name64, "MaxResults": page, "NamePrefix": name64, "NextToken": token, "State": free}},
	// The bounds of its numbers are from the Amazon SQS API reference, ReceiveMessage.
	"AmazonSQS.ReceiveMessage": {"sqs", json0, members{
		"QueueUrl": needed(free), "AttributeNames": words, "MessageSystemAttributeNames": words, "MessageAttributeNames": words, "ReceiveRequestAttemptId": free,
		"MaxNumberOfMessages": {is: number, min: 1, max: 10}, "VisibilityTimeout": {is: number, max: 43200}, "WaitTimeSeconds": {is: number, max: 20},
	}},
	"AmazonSQS.DeleteMessage":                            {"sqs", json0, members{"QueueUrl": needed(free), "ReceiptHandle": needed(free)}},
	"DescribeSubnets":                                    {"ec2", query, members{"Action": needed(free), "Version": needed(free), "SubnetId.1": free}},
	"DescribeSecurityGroups":                             {"ec2", query, members{"Action": needed(free), "Version": needed(free), "GroupId.1": free}},
	"ServiceQuotasV20190624.GetServiceQuota":             {"servicequotas", json1, members{"ServiceCode": needed(member{min: 1, max: 63}), "QuotaCode": needed(member{min: 1, max: 128}), "ContextId": free}},
	"ServiceQuotasV20190624.GetAWSDefaultServiceQuota":   {"servicequotas", json1, members{"ServiceCode": needed(member{min: 1, max: 63}), "QuotaCode": needed(member{min: 1, max: 128})}},
	"ServiceQuotasV20190624.ListServiceQuotas":           {"servicequotas", json1, members{"ServiceCode": needed(member{min: 1, max: 63}), "NextToken": token, "MaxResults": page}},
	"ServiceQuotasV20190624.ListAWSDefaultServiceQuotas": {"servicequotas", json1, members{"ServiceCode": needed(member{min: 1, max: 63}), "NextToken": token, "MaxResults": page}},
}
