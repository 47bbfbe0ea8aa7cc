package cron_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/batchplane/batchplane/internal/cron"
)

func ExampleParse() {
	spec, err := cron.Parse("30 2 * * 1-5")
	if err != nil {
		fmt.Println(err)
		return
	}
	berlin, err := cron.LoadZone("Europe/Berlin")
	if err != nil {
		fmt.Println(err)
		return
	}
	schedule := spec.In(berlin, cron.DST{})
	next, _ := schedule.Next(time.Date(2026, 11, 22, 17, 30, 0, 0, time.UTC))
	fmt.Println(spec.Dialect(), spec, "in", schedule.Zone().Name())
	fmt.Println(spec.Words())
	fmt.Println(next.Format(time.RFC3339))
	// Output:
	// crontab expression 30 2 * * 1-5 in Europe/Berlin
	// at 02:30 on Monday to Friday
	// 2026-11-23T01:30:00Z
}

func ExampleParse_refused() {
	_, err := cron.Parse("0 22-2 * * *")
	fmt.Println(err)
	var bad *cron.SyntaxError
	fmt.Println(errors.As(err, &bad), bad.Field, bad.Offset)
	// Output:
	// bad hour "22-2" at column 3: the range runs backwards; older cronie refuses it, 1.6 and newer take it and never run it; write 22-23,0-2
	// true hour 2
}

func ExampleSchedule_Translate() {
	spec, err := cron.Parse("0 9 1 * 5")
	if err != nil {
		fmt.Println(err)
		return
	}
	got, err := spec.In(cron.UTC, cron.DST{}).Translate(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(got.AWS[0], got.AWS[1])
	fmt.Println(got.Notes[0])
	// Output:
	// cron(0 9 1 * ? *) cron(0 9 ? * 6 *)
	// both expressions fire at 2026-05-01 09:00 for the first time: one slot, one run
}

func ExampleProve() {
	line, _ := cron.Parse("0 9 */2 * *")
	wrong, _ := cron.Parse("cron(0 9 * * ? *)")
	fmt.Println(cron.Prove(line, []*cron.Spec{wrong}, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))
	// Output: 0 9 */2 * * does not fire at 2026-01-02 09:00, the other does
}
