// Command progress reads the output of `go test -json` and prints what `go test` prints: a line
// for each package when it ends and, for a package that failed, the output of its failed tests.
// If a package takes long, it says every half minute which tests are still running. Its exit code
// is 1 if anything failed.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"time"
)

// every is the time between two reports of what is still running.
const every = 30 * time.Second

func main() {
	tick := time.NewTicker(every)
	defer tick.Stop()
	ok, err := follow(os.Stdin, os.Stdout, tick.C)
	if err != nil {
		fmt.Fprintln(os.Stderr, "progress:", err)
	}
	if err != nil || !ok {
		os.Exit(1)
	}
}

// follow reads events until the input ends. At each tick it reports what is running.
func follow(in io.Reader, out io.Writer, tick <-chan time.Time) (ok bool, err error) {
	lines, failed := make(chan []byte), make(chan error, 1)
	go func() {
		defer close(lines)
		s := bufio.NewScanner(in)
		s.Buffer(nil, 16<<20)
		for s.Scan() {
			lines <- append([]byte(nil), s.Bytes()...)
		}
		failed <- s.Err()
	}()
	r := newReport(out)
	for {
		select {
		case line, more := <-lines:
			if !more {
				return r.close(), <-failed
			}
			r.line(line)
		case now := <-tick:
			r.running(now)
		}
	}
}
