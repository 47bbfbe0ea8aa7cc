// Package port is the edge of the control plane: what people and schedules ask of its handlers,
// what the handlers need of the world, and the records that both sides keep. Handlers (package
// control), stores and other adapters, and people's tools know this package and not each other.
package port

import "errors"

// Errors that are returned wrapped: ErrOwed by the handlers, ErrRefused by a Launcher,
// ErrTelling by a Notifier, the others by a Store.
var (
	// ErrNotFound: there is no such item.
	ErrNotFound = errors.New("not found")
	// ErrOwed is wrapped by the errors of effects that could not be performed but are saved
	// as owed. A redelivery or the look performs them.
	ErrOwed = errors.New("owed")
	// ErrRefused: ECS answered that it will not do what was asked, and would probably answer
	// the same again.
	ErrRefused = errors.New("refused")
	// ErrTelling: this process is still sending an earlier delivery of the notice.
	ErrTelling = errors.New("it is being told already")
	// ErrNewer: a newer version of this program, which is being deployed, wrote the item. It
	// is left alone.
	ErrNewer = errors.New("written by a newer version")
	// ErrUnreadable: the item exists, but nobody can read it.
	ErrUnreadable = errors.New("unreadable")
	// ErrConflict: the item is no longer at the revision that was read, or it was to be new
	// but exists.
	ErrConflict = errors.New("changed by somebody else")
)
