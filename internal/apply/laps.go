package apply

// ListedAtOnce is the largest number of schedules of a group that the sweep lists each minute.
const ListedAtOnce = 2000

// Applied is the name of a schedule, switched off and without a job, to which `apply` writes after it
// has changed a group that is listed in laps. The permission to deploy is enough to write it.
const Applied = ".applied"
