// Command batchplane runs batch jobs and shows what became of them.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/batchplane/batchplane/internal/cli"
	"github.com/batchplane/batchplane/internal/localecs"
)

func main() {
	localecs.MaybeSupervise()
	os.Exit(run(os.Args[1:]))
}

// run exists so that the deferred call comes before os.Exit.
func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGQUIT)
	defer stop()
	// A second Ctrl-C ends the process at once, and its tasks with it.
	context.AfterFunc(ctx, stop)
	return cli.Main(ctx, args, cli.Process())
}
