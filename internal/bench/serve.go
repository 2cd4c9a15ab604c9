package bench

import (
	"context"
	"fmt"
	"os"

	"lyceum/internal/bench/rig"
)

// Serve starts the product in production settings beside the rig, and returns the port that is in its hosts' names.
func Serve(ctx context.Context, s *rig.Rig) (process *rig.Process, port int, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, 0, fmt.Errorf("find this program: %w", err)
	}
	if port, err = rig.FreePort(ctx); err != nil {
		return nil, 0, err
	}
	admin, err := rig.FreePort(ctx)
	if err != nil {
		return nil, 0, err
	}
	process, err = s.Run(ctx, product(s, self, "crowded", port, admin))
	return process, port, err
}
