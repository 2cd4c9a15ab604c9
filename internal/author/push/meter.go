package push

import (
	"io"
	"sync"
)

// meter counts what of a file has been sent. What has to be sent again is taken back.
type meter struct {
	o  *outgoing
	mu sync.Mutex
	n  int64
}

// newMeter begins with what is there already.
func newMeter(o *outgoing, sent int64) *meter {
	m := &meter{o: o}
	m.add(sent)
	return m
}

func (m *meter) add(n int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.n += n
	m.o.progress.Sent(m.o.path, m.n, m.o.size)
}

// metered is a body whose bytes are counted as they go.
type metered struct {
	io.ReadCloser

	m    *meter
	read int64
}

// Read implements io.Reader.
func (r *metered) Read(p []byte) (int, error) {
	n, err := r.ReadCloser.Read(p)
	r.read += int64(n)
	r.m.add(int64(n))
	return n, err //nolint:wrapcheck // A reader's errors are its own.
}

// takeBack uncounts what was read, because it did not arrive.
func (r *metered) takeBack() { r.m.add(-r.read) }
