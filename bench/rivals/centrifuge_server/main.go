// centrifuge, the library of Centrifugo: one channel for everybody, or one for each. The history of a channel is kept in memory, so that
// clients can resume (its own way of not losing messages); nothing is written to a disk.
//
//	centrifuge_server PORT [milliseconds that a write may wait for others; later versions only]
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/centrifugal/centrifuge"
)

const (
	history = 1000 // messages of a channel that can be replayed
	keep    = time.Hour
	pending = 1 << 30 // bytes that a slow client may leave unsent, as with the other rivals
)

// The user is named in the address, because nobody is authenticated here.
func named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := &centrifuge.Credentials{UserID: r.URL.Query().Get("user")}
		next.ServeHTTP(w, r.WithContext(centrifuge.SetCredentials(r.Context(), who)))
	})
}

func subscribe(e centrifuge.SubscribeEvent, answer centrifuge.SubscribeCallback) {
	answer(centrifuge.SubscribeReply{Options: resumable}, nil)
}

// The reply is sent when the broker has the message.
func publish(e centrifuge.PublishEvent, answer centrifuge.PublishCallback) {
	options := centrifuge.PublishOptions{HistorySize: history, HistoryTTL: keep, ClientInfo: e.ClientInfo}
	answer(centrifuge.PublishReply{Options: options}, nil)
}

func main() {
	delay := time.Duration(0)
	if len(os.Args) > 2 {
		milliseconds, err := strconv.Atoi(os.Args[2])
		if err != nil {
			log.Fatal(err)
		}
		delay = time.Duration(milliseconds) * time.Millisecond
	}
	node, err := centrifuge.New(configured())
	if err != nil {
		log.Fatal(err)
	}
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return connected(delay), nil
	})
	node.OnConnect(func(client *centrifuge.Client) {
		client.OnSubscribe(subscribe)
		client.OnPublish(publish)
	})
	if err := node.Run(); err != nil {
		log.Fatal(err)
	}
	// A window of a measurement must not end a connection that waits for the processor.
	settings := centrifuge.WebsocketConfig{WriteTimeout: time.Minute, UseWriteBufferPool: true}
	http.Handle("/connection/websocket", named(centrifuge.NewWebsocketHandler(node, settings)))
	go func() { log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[1], nil)) }()

	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM, os.Interrupt)
	<-ended
}
