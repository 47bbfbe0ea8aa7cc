//go:build linux || darwin || freebsd

package localecs

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
)

// link is one end of the connection between the control plane and its supervisor. It carries JSON
// documents, each preceded by its length, and open files with them. A file stays open while it is in
// transit, so a lock is held from before its command's start.
type link struct {
	conn *net.UnixConn
	mu   sync.Mutex // held while writing
}

// maxMessage is the largest message that is sent and read, in bytes.
const maxMessage = 4 << 20

// errTooLarge means that a message is too large. Nothing of it was sent.
var errTooLarge = fmt.Errorf("it is larger than %d bytes", maxMessage)

// linkPair creates both ends. The far one is for another process.
func linkPair() (near *link, far *os.File, err error) {
	syscall.ForkLock.RLock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, fmt.Errorf("making the connection to the supervisor: %w", err)
	}
	far = os.NewFile(uintptr(fds[1]), "supervisor")
	near, err = linkOf(os.NewFile(uintptr(fds[0]), "control plane"))
	if err != nil {
		return nil, nil, errors.Join(err, far.Close())
	}
	return near, far, nil
}

func linkOf(f *os.File) (*link, error) {
	defer letGo(f) // the connection uses a copy
	c, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("using the connection to the supervisor: %w", err)
	}
	conn, ok := c.(*net.UnixConn)
	if !ok {
		return nil, errors.Join(errors.New("the connection to the supervisor is no Unix socket"), c.Close())
	}
	return &link{conn: conn}, nil
}

func (l *link) send(message any, files ...*os.File) error {
	body, err := json.Marshal(message)
	if err != nil {
		return fmt.Errorf("encoding a message: %w", err)
	}
	if len(body) > maxMessage { // its reader would give the link up, and with it all commands
		return fmt.Errorf("sending a message of %d bytes: %w", len(body), errTooLarge)
	}
	head := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	fds := make([]int, len(files))
	for i, f := range files {
		fds[i] = int(f.Fd())
	}
	var beside []byte
	if len(fds) > 0 {
		beside = syscall.UnixRights(fds...)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	// The files go with the first byte, so the reader asks for the head alone.
	if _, _, err := l.conn.WriteMsgUnix(head, beside, nil); err != nil {
		return fmt.Errorf("sending a message: %w", err)
	}
	if _, err := l.conn.Write(body); err != nil {
		// The next message would be read as the rest of this one.
		return errors.Join(fmt.Errorf("sending a message: %w", err), l.conn.Close())
	}
	return nil
}

// receive reads a message and at most one file.
func (l *link) receive(message any) (*os.File, error) {
	head := make([]byte, 4)
	beside := make([]byte, syscall.CmsgSpace(4))
	n, m, _, _, err := l.conn.ReadMsgUnix(head, beside)
	if err != nil {
		return nil, fmt.Errorf("receiving a message: %w", err)
	}
	file, err := fileOf(beside[:m])
	if err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(l.conn, head[n:]); err != nil {
		return file, fmt.Errorf("receiving a message: %w", err)
	}
	size := binary.BigEndian.Uint32(head)
	if size > maxMessage {
		return file, fmt.Errorf("receiving a message: it has %d bytes", size)
	}
	body := make([]byte, size)
	if _, err := io.ReadFull(l.conn, body); err != nil {
		return file, fmt.Errorf("receiving a message: %w", err)
	}
	if err := json.Unmarshal(body, message); err != nil {
		return file, fmt.Errorf("decoding a message: %w", err)
	}
	return file, nil
}

// fileOf returns the file that came with a message, nil if there was none.
func fileOf(beside []byte) (*os.File, error) {
	messages, err := syscall.ParseSocketControlMessage(beside)
	if err != nil || len(messages) == 0 {
		return nil, err //nolint:wrapcheck // a message that this program made itself
	}
	fds, err := syscall.ParseUnixRights(&messages[0])
	if err != nil || len(fds) == 0 {
		return nil, err //nolint:wrapcheck // as above
	}
	syscall.CloseOnExec(fds[0])
	return os.NewFile(uintptr(fds[0]), "lock"), nil
}

func (l *link) close() { _ = l.conn.Close() } // nobody reads what may be in transit
