package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"

	"lyceum/internal/media"
	"lyceum/internal/media/transcode"
	"lyceum/internal/platform/health"
	"lyceum/internal/platform/local"
)

// How ffmpeg is run. The same number of threads always gives the same files, on whichever machine.
const (
	convertThreads = 2
	convertNice    = 10
)

// mediaService makes the media context.
func (a *app) mediaService(gate media.Gate) (*media.Service, error) {
	signer, err := a.signer()
	if err != nil {
		return nil, err
	}
	return &media.Service{
		DB: a.db, Blobs: a.blobs, MaxUpload: a.config.Limit.Upload, PartSize: a.config.Limit.UploadPart,
		Quota: a.config.Limit.Storage, QuotaPerUser: a.config.Limit.StorageUser, Grace: a.config.Media.Grace,
		Paths: signer, Origin: strings.TrimRight(cmp.Or(a.config.Media.URL, a.config.Public.Origin(a.config.Public.BaseDomain)), "/"),
		Converter: media.FFmpeg{Find: findRunner()},
		WorkDir:   sync.OnceValues(func() (string, error) { return local.WorkDir(a.config.Home, "work", converters()...) }),
		Bus:       assetBus{a.feed.Bus}, Gate: gate, Log: a.log,
	}, nil
}

// converters are the users that ffmpeg runs as when this process is root: the first that there is.
func converters() []string { return []string{"lyceum-media", "nobody"} }

// findRunner looks for ffmpeg when the first film comes, and remembers what it found.
func findRunner() func(ctx context.Context) (*transcode.Runner, error) {
	var (
		mu    sync.Mutex
		found *transcode.Runner
	)
	return func(ctx context.Context) (*transcode.Runner, error) {
		mu.Lock()
		defer mu.Unlock()
		if found != nil {
			return found, nil
		}
		tools, err := transcode.Find(ctx, "", "")
		if err != nil {
			return nil, fmt.Errorf("look for ffmpeg: %w", err)
		}
		account, err := transcode.Unprivileged(converters()...)
		if err != nil {
			return nil, fmt.Errorf("choose whom ffmpeg runs as: %w", err)
		}
		found = &transcode.Runner{
			Tools: tools, Limits: transcode.DefaultLimits(), Threads: convertThreads, Account: account, Nice: convertNice,
		}
		return found, nil
	}
}

// probeConverter says whether films are converted on this machine.
func probeConverter(ctx context.Context) error {
	tools, err := transcode.Find(ctx, "", "")
	if err == nil {
		err = tools.Usable()
	}
	if err != nil {
		return health.Worse(fmt.Errorf("%w: films are played as they were uploaded", err))
	}
	return nil
}
