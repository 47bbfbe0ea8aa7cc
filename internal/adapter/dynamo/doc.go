// Package dynamo implements port.Store in one DynamoDB table. Condition expressions appear only in
// this package.
//
// # Items
//
//	what        pk               sk                      body
//	run         R#<job>          <slot>                  the run
//	job's item  J#<shard>        <job>                   the item
//	definition  D#<hash>         D                       the job, as it was
//	mark        M#<name>         M                       at: the time
//	kept input  K#<shard>        <time, 19 digits>-<id>  reason, raw; ttl after 30 days
//	request     A, A#J#<job>,    <time, 19 digits>-<id>  a person's request and its answer, written
//	            A#B#<who>                                once under each key; ttl as for a run that
//	                                                     ended then
//	pending     P#<id>           P                       a pending slot; ttl 30 days after its time
//	notice      T#<notice's id>  T                       took: the targets that took it while others
//	                                                     did not; ttl after 30 days
//
// A run's slot sorts by time, so the table itself lists a job's scheduled runs in order. Shards are 0
// to 7. The shard is a hash of the run's id, of the job's name or, for a kept input, of its sort key.
//
// # Attributes
//
//	v       version of the item's form; reading an item of a newer one is a *NewerError
//	r       revision: the optimistic lock, counted from 1
//	w       8 random bytes, new for each write: a write that the SDK sent twice
//	        recognises itself by them
//	b       body: JSON, deflated with the dictionary of its version (B); plain
//	        JSON (S) is read too
//	status  the run's status, for people who look at the table
//	tell    kinds of the notices that a run owes, absent if it owes none: the
//	        stream's filter is {"dynamodb":{"NewImage":{"tell":{"S":[{"exists":true}]}}}}
//	ttl     when DynamoDB may delete the item, in epoch seconds: on runs that
//	        have ended and owe nothing, 400 days after their end unless
//	        Config.RunsKept says otherwise
//
// # Indexes
//
// All indexes are sparse and hold keys only, so a write that changes no key of an index costs nothing
// there.
//
//	index   hash             range  holds
//	open    op=<lane>#<n>    od     open runs, by the time they are due; n is 0 to 3
//	        op=P             od     pending slots that are not done, by the time they came
//	        op=<status>#<n>  od     runs that ended in any status but succeeded and owe
//	                                nothing, by ScheduledFor
//	recent  np=N#<n>         at     all runs, by ScheduledFor
//	byhand  pk=R#<job>       hand   runs by hand, by ScheduledFor
//
// Times are Unix milliseconds. The position of a lane's entry is cut to a second and carries a mark in
// its thousandths, which is 1 if the run has ended. So a list of failed runs can tell by the keys alone
// which entries belong to runs that have ended but owe a notice, and a list by status loads only what
// it shows. No decision depends on it.
//
// The entry of a running run has an even number of thousandths, derived from its revision. So each
// write moves the entry, and Due can pass over a resting run (Store.Rest) by its keys until somebody
// writes it.
//
// All other times are exact. A lane's writes are spread over four hash keys, those of each other list
// over eight.
//
// # What a run costs
//
// A run that succeeds takes 6 write units: 3 for the claim (table, open, recent), 1 when ECS accepts
// the task, 2 for its end (table, open). The second write costs 1 because it leaves od where the claim
// put it, two minutes after the launch, although the run is due later. That is allowed: od is never
// after DueAt, and Due leaves out what is not due. A relaunch that stays in the lane of looks is
// written the same way. An early entry costs a read unit at each look until the first one that comes to
// the run. If the task runs as it should, the run then rests: nothing is written, and looks pass over
// its keys. Otherwise the run gets its own time in the index, for two more write units. An entry that
// is so early that its reads would cost more than a move is moved (see worthMoving).
//
// test/calls counts what runs cost besides. A run that waits for ECS's rate limit is in the lane of
// launches and moves to that of looks, for three more units. A change that also writes the job's item
// is a transaction, whose units count twice in the table and once in the indexes.
//
// # Reads
//
// Items reads all shards whole. ItemsInTurn, for sweeps of very many jobs, reads two shards at a time
// and says how old its knowledge of the others is.
//
// Run, Item, Items, Exist, Definition and Mark see every write that returned before them. A cheaper,
// eventually consistent read is trusted where it cannot be wrong: for a definition, which never
// changes, and for the fact that a run exists. Due and Runs find runs through indexes, which lag by "a
// fraction of a second, under normal conditions" (Amazon DynamoDB Developer Guide, "Using Global
// Secondary Indexes"), and then read the runs themselves. So a run can be missing for that moment, but
// a run that is returned is never stale. Walk and Newest, for people's lists, use eventually consistent
// reads. Listing one job's scheduled runs needs no index.
package dynamo
