// Command batchplane runs batch jobs and shows what became of them.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/batchplane/batchplane/internal/cli"
	"github.com/batchplane/batchplane/internal/localecs"
)

func main() {
	localecs.MaybeSupervise()
	ctx, cancel := context.WithCancelCause(context.Background())
	ends := make(chan os.Signal, 1)
	signal.Notify(ends, os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT)
	go func() {
		by := <-ends
		time.Sleep(100 * time.Millisecond) // timeout(1) sends its signal twice, to the program and to its group
		signal.Stop(ends)                  // before anything is said of it: a second Ctrl-C ends the process, and its tasks with it
		cancel(cli.EndedBy(by))
	}()
	os.Exit(cli.Main(ctx, os.Args[1:], cli.Process()))
}
