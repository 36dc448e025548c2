//go:build !late

package main

import (
	"time"

	"github.com/centrifugal/centrifuge"
)

// Version 0.15, as Debian has it: the first version of the protocol.

var resumable = centrifuge.SubscribeOptions{Recover: true}

func configured() centrifuge.Config {
	config := centrifuge.DefaultConfig
	config.ClientQueueMaxSize = pending
	return config
}

func connected(time.Duration) centrifuge.ConnectReply { return centrifuge.ConnectReply{} }
