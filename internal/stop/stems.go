package stop

// stems are fragments to be looked for in a text. Each has at least four bytes,
// and none the mark of a blanked name. They are lists and no more, so that the
// compiler lays all tables out and a process's start makes none.
type stems []string

// What is asked of a text beside the rules' own matches.
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
