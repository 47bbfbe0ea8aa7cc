package localecs

import (
	"bytes"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
)

const (
	targetPrefix = "AmazonEC2ContainerServiceV20141113."
	contentType  = "application/x-amz-json-1.1"
	maxBody      = 1 << 20 // bytes of a request
)

// apiError is an error answer of the API. Status is 400 unless it says so.
type apiError struct {
	Type        string   `json:"__type"`
	Message     string   `json:"message"`
	ResourceIDs []string `json:"resourceIds,omitempty"`
	Status      int      `json:"-"`
}

func (e *apiError) Error() string { return e.Type + ": " + e.Message }

func refuse(kind, message string) *apiError {
	return &apiError{Type: kind, Message: message, Status: http.StatusBadRequest}
}

func invalid(message string) *apiError { return refuse("InvalidParameterException", message) }

func serverError(message string) *apiError {
	return &apiError{Type: "ServerException", Message: message, Status: http.StatusInternalServerError}
}

// errHangUp makes the server close the connection instead of answering.
var errHangUp = errors.New("the answer is lost")

type operation func(s *Server, body []byte) (any, error)

// operations holds the supported operations, by the name after targetPrefix.
var operations = map[string]operation{
	"RunTask":                  (*Server).runTask,
	"DescribeTasks":            decoded((*Server).describeTasks),
	"StopTask":                 decoded((*Server).stopTask),
	"ListTasks":                decoded((*Server).listTasks),
	"RegisterTaskDefinition":   decoded((*Server).registerTaskDefinition),
	"DescribeTaskDefinition":   decoded((*Server).describeTaskDefinition),
	"DeregisterTaskDefinition": decoded((*Server).deregisterTaskDefinition),
}

func decoded[In any](f func(*Server, In) (any, error)) operation {
	return func(s *Server, body []byte) (any, error) {
		var in In
		if err := json.Unmarshal(body, &in); err != nil {
			return nil, refuse("SerializationException", err.Error())
		}
		return f(s, in)
	}
}

// Handler answers the API: POST with AWS JSON 1.1. It requires the API's own content type and target
// header, which no page in a browser can send across origins without a preflight, and
// Config.AccessKeyID if that is set.
func (s *Server) Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		out, err := s.answer(w, r)
		if errors.Is(err, errHangUp) {
			panic(http.ErrAbortHandler)
		}
		status := http.StatusOK
		if err != nil {
			var refused *apiError
			if !errors.As(err, &refused) {
				s.log.Error("localecs could not answer", "target", r.Header.Get("X-Amz-Target"), "error", err)
				refused = serverError("localecs could not keep its state; the same request may be sent again")
			}
			status, out = refused.Status, refused
		}
		s.write(w, status, out)
	})
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request) (any, error) {
	if r.Method != http.MethodPost || r.URL.Path != "/" {
		return nil, refuse("UnknownOperationException", "want POST /")
	}
	if got, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); got != contentType {
		return nil, refuse("UnknownOperationException", "want content type "+contentType)
	}
	if !s.admits(r) {
		return nil, refuse("UnrecognizedClientException", "The security token included in the request is invalid.")
	}
	op, ok := operations[strings.TrimPrefix(r.Header.Get("X-Amz-Target"), targetPrefix)]
	if !ok || !strings.HasPrefix(r.Header.Get("X-Amz-Target"), targetPrefix) {
		return nil, refuse("UnknownOperationException", "localecs does not know this operation")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		return nil, refuse("SerializationException", err.Error())
	}
	return op(s, body)
}

// admits checks only the access key in a signature's credential, as a shared word between this process
// and its own client. It does not verify the signature.
func (s *Server) admits(r *http.Request) bool {
	if s.cfg.AccessKeyID == "" {
		return true
	}
	_, rest, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
	key, _, _ := strings.Cut(rest, "/")
	return subtle.ConstantTimeCompare([]byte(key), []byte(s.cfg.AccessKeyID)) == 1
}

func (s *Server) write(w http.ResponseWriter, status int, out any) {
	var body bytes.Buffer
	if err := json.NewEncoder(&body).Encode(out); err != nil {
		s.log.Error("localecs could not write its answer", "error", err)
		status = http.StatusInternalServerError
	}
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("X-Amzn-Requestid", s.requestID())
	w.WriteHeader(status)
	if _, err := w.Write(body.Bytes()); err != nil {
		s.log.Debug("the caller went away before its answer", "error", err)
	}
}
