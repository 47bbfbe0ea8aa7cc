package stop

// stems are fragments to look for in a text. Each has at least four bytes, and none contains the
// mark of a blanked name. They are plain lists, so that the compiler lays all tables out and a
// process builds none when it starts.
type stems []string

// These matches are asked of a text in addition to the rules' own.
var (
	speaksLater    = Match{Any: []stems{later}}
	speaksOfHealth = Match{Any: []stems{health}}
	deniesSuccess  = Match{Any: []stems{memory, health}}
	speaksOfStart  = Match{Any: []stems{memory, health, ranFamily.Has, startFamily.Has, transitionFamily.Has}}
	namesMistake   = Match{Any: []stems{denied, missing}}
	namesInvalid   = Match{Any: []stems{invalid}}
	hasTheirWords  = Match{Any: []stems{theirs}}
	hasNoAnswer    = Match{Any: []stems{unsent}}
	hasRefusal     = Match{Any: []stems{clientStatus}}
)

var (
	askedOfTasks    = []*Match{&speaksLater, &speaksOfHealth, &deniesSuccess, &speaksOfStart, &namesMistake, &namesInvalid, &hasTheirWords}
	askedOfLaunches = []*Match{&hasNoAnswer, &hasRefusal}
)
