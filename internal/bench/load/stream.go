package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// Stream asks for a stream of server-sent events (text/event-stream) and calls heard with each line of data until ctx
// ends; then it returns nil. opened is called when the stream stands. An error says that it could not be opened, or ended
// by itself.
func Stream(ctx context.Context, address string, from *net.TCPAddr, r Request, opened func(), heard func(data []byte)) error {
	conn, err := dial(ctx, address, from)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if err := conn.SetWriteDeadline(time.Now().Add(answerTimeout)); err != nil {
		return fmt.Errorf("set deadline: %w", err)
	}
	if _, err := conn.Write(r); err != nil {
		return fmt.Errorf("ask for a stream: %w", err)
	}
	// Thousands of streams are open at a time: their lines are short.
	answer, err := http.ReadResponse(bufio.NewReaderSize(conn, 1<<10), nil)
	if err != nil {
		return fmt.Errorf("open stream: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("open stream: status %d", answer.StatusCode)
	}
	opened()
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(make([]byte, 0, 1<<10), readBuffer)
	for lines.Scan() {
		if data, found := bytes.CutPrefix(lines.Bytes(), []byte("data:")); found && len(bytes.TrimSpace(data)) > 0 {
			heard(bytes.TrimSpace(data))
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("stream ended: %w", errors.Join(io.ErrUnexpectedEOF, lines.Err()))
}
