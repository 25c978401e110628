// Runs FerretDB on SQLite in the folder given, on a loopback port of the system's choice, for tests only.
// Prints "listening <port>" once it answers, and ends when its standard input closes, so it cannot outlive the run.
// The embeddable package is used because the stand-alone program only builds from its own repository; it sends no telemetry.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{TCP: "127.0.0.1:0"},
		Handler:   "sqlite",
		SQLiteURL: "file:" + os.Args[1] + "/",
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError + 1})),
	})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	address, err := url.Parse(server.MongoDBURI())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("listening", address.Port())
	if err := server.Run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}
