// The contract of bench/README.md on zishang520's socket.io.
package main

import (
	"context"
	"log"
	"net/http"
	"os"
	"time"

	goredis "github.com/redis/go-redis/v9"
	"github.com/zishang520/socket.io/adapters/redis/v3"
	"github.com/zishang520/socket.io/adapters/redis/v3/adapter"
	"github.com/zishang520/socket.io/servers/socket/v3"
)

func main() {
	io := socket.NewServer(nil, options())
	io.On("connection", func(clients ...any) {
		client := clients[0].(*socket.Socket)
		client.On("echo", func(args ...any) { client.Emit("echo", args[0]) })
		client.On("echo_ack", func(args ...any) { answer(args, args[:1]) })
		client.On("join", func(args ...any) {
			client.Join("all")
			answer(args, nil)
		})
		client.On("fan", func(args ...any) { io.To("all").Emit("fan", args[0]) })
	})
	http.Handle("/socket.io/", io.ServeHandler(nil))
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Getenv("PORT"), nil))
}

func options() *socket.ServerOptions {
	options := socket.DefaultServerOptions()
	options.SetPingInterval(25 * time.Second)
	options.SetPingTimeout(20 * time.Second)
	options.SetPerMessageDeflate(nil)
	options.SetHttpCompression(nil)
	options.SetServeClient(false)
	if url := os.Getenv("REDIS_URL"); url != "" {
		parsed, err := goredis.ParseURL(url)
		if err != nil {
			log.Fatal(err)
		}
		client := redis.NewRedisClient(context.Background(), goredis.NewClient(parsed))
		options.SetAdapter(&adapter.RedisAdapterBuilder{Redis: client, Opts: &adapter.RedisAdapterOptions{}})
	}
	return options
}

// The ack is the last argument, where there is one.
func answer(args []any, data []any) {
	if ack, ok := args[len(args)-1].(socket.Ack); ok {
		ack(data, nil)
	}
}
