//go:build late

package main

import (
	"time"

	"github.com/centrifugal/centrifuge"
)

// Version 0.29: the second version of the protocol.

var resumable = centrifuge.SubscribeOptions{EnableRecovery: true}

func configured() centrifuge.Config { return centrifuge.Config{ClientQueueMaxSize: pending} }

// With a delay, one write takes up to 400 messages that wait (about 100 KB); by default 16, which would limit the rate to 3,200 a second.
func connected(delay time.Duration) centrifuge.ConnectReply {
	if delay == 0 {
		return centrifuge.ConnectReply{}
	}
	return centrifuge.ConnectReply{WriteDelay: delay, MaxMessagesInFrame: 400}
}
