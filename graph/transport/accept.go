package transport

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// The media types of answers.
const (
	mediaJSON    = "application/json"
	mediaGraphQL = "application/graphql-response+json"
	mediaEvents  = "text/event-stream"
)

// accepted is what a client takes for an answer.
type accepted struct {
	// json is the media type for one answer, or "" when the client takes none.
	json string
	// events says that it takes a stream of them.
	events bool
}

// negotiate reads the Accept headers. Of the JSON types the one with the highest q wins, then the one that
// stands first. Without the header the client takes what it gets: JSON.
//
// Whether to stream is decided after the operation is known, because urql accepts everything with
// every request: a stream is only for subscriptions, and for clients that take nothing else.
func negotiate(header http.Header) accepted {
	accept := strings.Join(header.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return accepted{json: mediaJSON}
	}
	var takes accepted
	best := 0.0
	for part := range strings.SplitSeq(accept, ",") {
		media, q := mediaRange(part)
		if q == 0 {
			continue
		}
		switch media {
		case mediaEvents:
			takes.events = true
			continue
		case "*/*", "application/*":
			media = mediaJSON
		case mediaJSON, mediaGraphQL:
		default:
			continue
		}
		if q > best {
			takes.json, best = media, q
		}
	}
	return takes
}

// mediaRange reads one element of an Accept header. What is malformed, or wants another charset than
// UTF-8, has q 0: it is not acceptable to us, or not acceptable to them.
func mediaRange(element string) (media string, q float64) {
	media, params, err := mime.ParseMediaType(element)
	if err != nil || !isUTF8(params) {
		return "", 0
	}
	weight, weighted := params["q"]
	if !weighted {
		return media, 1
	}
	q, err = strconv.ParseFloat(weight, 64)
	if err != nil || q < 0 || q > 1 {
		return "", 0
	}
	return media, q
}

func isUTF8(params map[string]string) bool {
	charset, given := params["charset"]
	return !given || strings.EqualFold(charset, "utf-8")
}
