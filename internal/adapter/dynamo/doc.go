// Package dynamo is a control.Store in one DynamoDB table. Only this room knows
// condition expressions.
//
// # Items
//
//	what        pk               sk                      body
//	run         R#<job>          <slot>                  the run
//	job's item  J#<shard>        <job>                   the item
//	definition  D#<hash>         D                       the job, as it was
//	mark        M#<name>         M                       at: the time
//	kept input  K#<shard>        <time, 19 digits>-<id>  reason, raw; ttl after 30 days
//	request     A, A#J#<job>,    <time, 19 digits>-<id>  a person's request and its answer, once for
//	            A#B#<who>                                each; ttl as of a run that ended then
//	pending     P#<id>           P                       a pending slot; ttl 30 days after its time
//	notice      T#<notice's id>  T                       took: the targets that took it, where
//	                                                     others did not; ttl after 30 days
//
// A run's slot sorts by time, so that the table itself lists a job's scheduled
// runs. Shards are 0 to 7: by the run's id, the job's name, or by chance.
//
// # Attributes
//
//	v       version of the item's form; an item of a newer one is a *NewerError
//	r       revision: the optimistic lock, counted from 1
//	w       8 random bytes of the write, by which a write that was sent twice
//	        knows itself
//	b       body: JSON, deflated with the dictionary of its version (B); plain
//	        JSON (S) is read too
//	status  the run's status, for people who look at the table
//	tell    kinds of the notices that a run owes, absent when it owes none: the
//	        stream's filter is {"dynamodb":{"NewImage":{"tell":{"S":[{"exists":true}]}}}}
//	ttl     when DynamoDB may delete the item, in epoch seconds: on runs that
//	        have ended and owe nothing, 400 days after their end unless
//	        Config.RunsKept says otherwise
//
// # Indexes
//
// All are sparse and hold keys only, so that a write that changes no key of an
// index costs nothing there.
//
//	index   hash             range  holds
//	open    op=<lane>#<n>    od     open runs, by when they are due; n is 0 to 3
//	        op=P             od     pending slots that are not done, by when they came
//	        op=<status>#<n>  od     runs that ended other than well and owe
//	                                nothing, by ScheduledFor
//	recent  np=N#<n>         at     all runs, by ScheduledFor
//	byhand  pk=R#<job>       hand   runs by hand, by ScheduledFor
//
// Programs before this one have open runs in parts 4 to 7 of their lanes too, and read
// them all. Lists for people read all eight. Due asks the old parts for as long as one of
// them has an entry, and ten minutes longer; else one of each lane a minute, for ever. So
// what such a program writes, before an upgrade, beside this one or after a rollback, is
// found: at once by a process that has just begun, within four minutes by others.
//
// Times are Unix milliseconds. Where an entry stands in a lane is cut to a second,
// and a thousandth is added where the run has ended: by the keys alone a list of the
// runs that failed tells those that owe a notice from all that are open, and a list
// by status loads what it shows. Entries of earlier programs have any thousandths
// and are loaded by both, but for those that happen to be like one of these, until
// their runs are next written, in lists only. Nothing is decided by it.
//
// The entry of a running run has an even number of thousandths, of its revision. So
// each write of it moves the entry, and by the keys alone Due passes over what rests
// (Store.Rest) until somebody writes it.
//
// Times are otherwise exact. A herd's writes are spread over four hash keys of a lane,
// and over eight of each other list.
//
// # What a run costs
//
// A run that succeeds takes 6 write units: 3 for the claim (table, open,
// recent), 1 when ECS accepts the task, 2 for its end (table, open). For the
// second, od stays at what the claim wrote, two minutes after the launch,
// although the run is due later: od is never after DueAt, and Due leaves out
// what is not due. So it does while a relaunch stays in the lane of looks. That
// costs a read unit at each look in between, until the first one that comes to the
// run. If the task runs as it should, the run rests then: nothing is written, and a
// look passes over its keys. Else it gets its own time in the index, for two write
// units more. An entry that is early by more looks than a move is worth is moved
// (see worthMoving).
//
// Whatever runs cost beside that is counted by test/calls: a run that waits for
// ECS's rate is in the lane of launches and moves to that of looks, for three units
// more; a change that writes the job's item too is a transaction, whose units count
// twice in the table and once in the indexes.
//
// # Reads
//
// Items are read by their shards, whole. ItemsInTurn, for sweeps of very many jobs, reads
// two shards a time, and what it knows of the others is as old as it says.
//
// Run, Item, Items, Exist, Definition and Mark see every write that returned
// before them. What cannot be otherwise is believed of a cheaper, eventually
// consistent read: a definition, which never changes, and that a run exists. Due and Runs find runs through indexes, which lag by "a fraction
// of a second, under normal conditions" (Amazon DynamoDB Developer Guide,
// "Using Global Secondary Indexes"), and then read the runs themselves: a run
// can be missing for that moment, and what is returned is never old. Walk and
// Newest, for people's lists, read the runs as the replica has them. Runs of
// one job that a schedule asked for do not need an index.
package dynamo
