package localecs

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Config configures a Server. Runner and Deliver are required.
type Config struct {
	// DB, if not nil, is an SQLite database in which a server finds the state that the previous one
	// left. Without it nothing outlives the server. It may be shared: localecs uses tables named
	// ecs_..., in short transactions. Do not call the API from within another transaction.
	DB *sql.DB
	// Read, if not nil, holds connections to the same database that read beside DB.
	Read *sql.DB
	// Within, if not nil, runs the server's writes to DB, in transactions that they may share. A write
	// that is not durable, and all writes after it, may be lost if the machine crashes, but not if only
	// the process dies.
	Within func(ctx context.Context, durable bool, do func(context.Context, *sql.Tx) error) error
	Clock  Clock // RealClock when nil
	Runner Runner
	// Deliver takes one event, an EventBridge envelope as JSON. An event is kept until Deliver has
	// returned nil for it. After an error it is delivered again, after pauses that grow from 1 s to 1
	// min. At most Abreast callbacks of the clock call Deliver at a time, with no lock held. Its
	// context ends with the server, or after a minute.
	Deliver func(ctx context.Context, event []byte) error
	// Saved, if not nil, reports whether an error of Deliver means that what the event says is written, and
	// that what could not be done yet is also tried elsewhere. Such an event is given less and less often,
	// at last every 10 min.
	Saved func(err error) bool
	// Abreast is how many events are delivered at a time, each of a different task; 0 means 1.
	// OnlyStopped omits the events of all states but STOPPED. Consecutive states without a delay then
	// become one change.
	Abreast     int
	OnlyStopped bool
	// Launching, if not nil, reports whether more launches are about to come. Until they have, events
	// are delivered one at a time, so that ends do not hold up starts. It is called with the server
	// locked.
	Launching func() bool

	Faults Faults
	Seed   uint64 // seeds the faults
	// Inject, if not nil, decides about faults in place of Faults and Seed. It is called with the
	// server locked, so it must not call the API.
	Inject func(Kind, Subject) bool

	// VCPUs is how many vCPUs may run at once, on demand and on Spot each; 0 means any number.
	VCPUs float64

	Delays   Delays
	Region   string   // us-east-1 if empty
	Account  string   // 123456789012 if empty
	Clusters []string // those that exist; if empty, any name does
	// Secrets returns the value of a secret: from is the task definition's valueFrom, name the variable
	// that gets it. It is called when the container is started, and the value is stored nowhere. Nil
	// knows no secret.
	Secrets func(from, name string) (value string, ok bool)
	// AccessKeyID, if not empty, is the access key with which requests must be signed. Other users of
	// this machine can reach a loopback port, and RunTask runs commands, so the local mode should set
	// it to a random word.
	AccessKeyID string
	Logger      *slog.Logger
}

const (
	// stopTimeout is the time from SIGTERM to SIGKILL for containers that name none (ECS API reference,
	// ContainerDefinition, stopTimeout).
	stopTimeout = 30 * time.Second
	// reordered is how late a reordered or duplicated event comes, and delayed how late a delayed one.
	reordered = 2 * time.Second
	delayed   = 30 * time.Second
)

// Delays are how long things take. Zero means no delay.
type Delays struct {
	Provisioning   time.Duration // in PROVISIONING
	Pending        time.Duration // in PENDING
	Deprovisioning time.Duration // in DEPROVISIONING
	// Invisible is how long DescribeTasks and ListTasks do not show a new task.
	Invisible time.Duration
	SpotAfter time.Duration // from RUNNING to an injected Spot warning
	SpotGrace time.Duration // from that warning to SIGTERM; 2 min on AWS
}

// LocalDelays returns short delays that a person who watches still notices.
func LocalDelays() Delays {
	return Delays{
		Provisioning: 200 * time.Millisecond, Pending: 200 * time.Millisecond,
		Deprovisioning: 150 * time.Millisecond, Invisible: 100 * time.Millisecond,
		SpotAfter: time.Second, SpotGrace: 2 * time.Second,
	}
}

// Server is the stand-in. Create it with New.
type Server struct {
	cfg    Config
	log    *slog.Logger
	store  store
	timers *timers

	ctx     context.Context // for the database; Close does not end it
	hearing context.Context // for Deliver
	silence context.CancelFunc

	mu          sync.Mutex
	tasks       map[string]*record      // by id; those that are not STOPPED
	definitions map[string][]definition // by family, revision n at n-1
	live        map[string]*live        // by task id; what this process started
	outbox      outbox
	orphans     []string         // ids of unfinished tasks found in the database
	sends       map[string]sends // counted only if faults may need it
	requests    int64
	forgotten   time.Time // when forget last looked
	injected    map[Kind]int64
	closing     bool
	held        map[string]chan struct{} // by task id or token; being changed
	unwritten   map[string]error         // by task id; its newest state could not be written
}

// New creates the server's tables if they are absent and loads what they hold. Nothing happens before
// Resume.
func New(ctx context.Context, cfg Config) (*Server, error) {
	if cfg.Runner == nil || cfg.Deliver == nil {
		return nil, errors.New("localecs needs a Runner and a Deliver")
	}
	cfg.defaults()
	s := &Server{
		cfg: cfg, log: cfg.Logger, store: newStore(cfg), timers: newTimers(cfg.Clock),
		ctx:   context.WithoutCancel(ctx),
		tasks: map[string]*record{}, definitions: map[string][]definition{}, live: map[string]*live{},
		sends: map[string]sends{}, injected: map[Kind]int64{}, held: map[string]chan struct{}{}, unwritten: map[string]error{},
	}
	s.outbox = newOutbox()
	s.hearing, s.silence = context.WithCancel(s.ctx)
	if err := s.load(ctx); err != nil {
		return nil, fmt.Errorf("loading the local ECS: %w", err)
	}
	return s, nil
}

func (c *Config) defaults() {
	if c.Read == nil {
		c.Read = c.DB
	}
	if c.Clock == nil {
		c.Clock = RealClock{}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.Abreast = max(c.Abreast, 1)
	c.Region = cmp.Or(c.Region, "us-east-1")
	c.Account = cmp.Or(c.Account, "123456789012")
}

func (s *Server) load(ctx context.Context) error {
	if err := s.store.open(ctx); err != nil {
		return err
	}
	records, err := s.store.unfinished(ctx)
	if err != nil {
		return err
	}
	for _, r := range records {
		s.tasks[r.ID] = r
		s.orphans = append(s.orphans, r.ID)
	}
	definitions, err := s.store.definitions(ctx)
	if err != nil {
		return err
	}
	for _, d := range definitions {
		s.definitions[d.Family] = append(s.definitions[d.Family], d)
	}
	events, err := s.store.events(ctx)
	s.outbox.add(events...)
	return err
}

// Close ends the server: it lets no further callback begin, waits for those that run, and stops the
// processes, at most until ctx ends. It cuts Deliver off after 2 s. It writes nothing. As after a crash,
// the next Resume reports the tasks that were cut off. Do not call it from Deliver.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	s.closing = true
	s.mu.Unlock()
	cut := time.AfterFunc(2*time.Second, s.silence) // until then a delivery may finish what it began to write
	err := s.timers.close(ctx)
	cut.Stop()
	s.silence()
	if r, ok := s.cfg.Runner.(shutdowner); ok {
		err = errors.Join(err, r.Shutdown(ctx))
	}
	if err != nil {
		return fmt.Errorf("closing the local ECS: %w", err)
	}
	return nil
}

// now returns the clock's time as ECS shows times: UTC, to the millisecond.
func (s *Server) now() time.Time {
	return s.cfg.Clock.Now().UTC().Truncate(time.Millisecond)
}

func (s *Server) requestID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return uuid(fmt.Sprintf("request %d %d", s.requests, s.cfg.Clock.Now().UnixNano()))
}

// forget drops what ECS forgets: stopped tasks after an hour, and tokens whose life is over. Readers do
// not rely on it: they check the time.
// https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeTasks.html
func (s *Server) forget(now time.Time) {
	if now.Before(s.forgotten.Add(time.Minute)) {
		return
	}
	s.forgotten = now
	for of, seen := range s.sends {
		if now.Sub(seen.last) > memoryLife {
			delete(s.sends, of)
		}
	}
	if err := s.apart(func() error { return s.store.forget(s.ctx, now) }); err != nil {
		s.log.Warn("localecs could not drop old tasks", "error", err)
	}
}

// apart calls do with the server unlocked. The server is locked before and after.
func (s *Server) apart(do func() error) error {
	s.mu.Unlock()
	defer s.mu.Lock()
	return do()
}

// find returns tasks by their ids, including STOPPED ones.
func (s *Server) find(ids ...string) (map[string]*record, error) {
	found := map[string]*record{}
	var others []string
	for _, id := range ids {
		if r, ok := s.tasks[id]; ok {
			found[id] = r
		} else {
			others = append(others, id)
		}
	}
	if len(others) == 0 {
		return found, nil
	}
	return found, s.addStopped(found, others...)
}

// addStopped adds the STOPPED tasks with these ids to found, or all STOPPED tasks if there are no ids.
func (s *Server) addStopped(found map[string]*record, ids ...string) error {
	return s.apart(func() error {
		stopped, err := s.store.stopped(s.ctx, ids...)
		for _, r := range stopped {
			found[r.ID] = r
		}
		return err
	})
}

// task returns a task by its id, nil if there is none.
func (s *Server) task(id string) (*record, error) {
	found, err := s.find(id)
	return found[id], err
}

func (r *record) forgotten(now time.Time) bool {
	return r.Task.StoppedAt != nil && !now.Before(r.Task.StoppedAt.Add(memoryLife))
}

// sorted returns the tasks that keep selects, oldest first.
func sorted(tasks iter.Seq[*record], keep func(*record) bool) []*record {
	var found []*record
	for r := range tasks {
		if keep(r) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, inOrder)
	return found
}
