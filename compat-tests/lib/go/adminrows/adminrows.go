// Package adminrows calls the methods of an admin client by their names and prints what each came to, as a line of text that is
// the same at two brokers that answer the same (../../../harnesses/admin-clients). Results are gone through by reflection.
package adminrows

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"sort"
	"strings"
	"time"
)

const (
	depthMax       = 12
	patience       = 20 * time.Second
	toldWithin     = 5 * time.Second
	pause          = 20 * time.Millisecond
	earliestTimeMs = 1_600_000_000_000
)

var (
	errorType   = reflect.TypeOf((*error)(nil)).Elem()
	contextType = reflect.TypeOf((*context.Context)(nil)).Elem()
)

// Fields whose values belong to one broker, or to one moment.
var kinds = map[string]bool{
	"Port": true, "Cluster": true, "ProducerID": true, "LeaderEpoch": true, "FinalizedFeaturesEpoch": true, "Size": true,
	"TotalBytes": true, "UsableBytes": true, "CoordinatorEpoch": true, "LastTimestamp": true, "StartTimestamp": true, "Dir": true,
	"ThrottleTime": true, "ThrottleTimeMs": true, "Documentation": true, "TokenID": true, "HMAC": true,
}

var replacements = []struct {
	pattern *regexp.Regexp
	kind    string
}{
	{regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), "<uuid>"},
	{regexp.MustCompile(`(127\.0\.0\.1|localhost):\d+`), "<address>"},
	{regexp.MustCompile(`/[\w./-]*(tmp|gregor)[\w./-]*`), "<path>"},
	{regexp.MustCompile(`\b1[6-9]\d{11}\b`), "<time>"},
	{regexp.MustCompile(`\s+`), " "},
}

func withKinds(text string) string {
	for _, one := range replacements {
		text = one.pattern.ReplaceAllString(text, one.kind)
	}
	return text
}

// Rows knows which methods of a client were called.
type Rows struct {
	client reflect.Value
	called map[string]bool
}

// Of a client, all of whose exported methods are to be called.
func Of(client any) *Rows {
	return &Rows{reflect.ValueOf(client), map[string]bool{}}
}

// LeaveOut names methods that ask nothing of a broker.
func (r *Rows) LeaveOut(methods ...string) {
	for _, method := range methods {
		r.called[method] = true
	}
}

// Call calls a method; a context is added where it takes one.
func (r *Rows) Call(method string, args ...any) {
	r.CallView(method, func(one any) any { return one }, args...)
}

// CallTold calls a method again until it tells of what was done before: brokers tell of some things a moment later.
func (r *Rows) CallTold(told, method string, args ...any) {
	r.CallViewTold(told, method, func(one any) any { return one }, args...)
}

// CallView tells a part of the first result.
func (r *Rows) CallView(method string, view func(any) any, args ...any) {
	r.CallViewTold("", method, view, args...)
}

// CallViewTold is both.
func (r *Rows) CallViewTold(told, method string, view func(any) any, args ...any) {
	r.called[method] = true
	outcome := r.outcome(method, view, args)
	for deadline := time.Now().Add(toldWithin); !strings.Contains(outcome, told) && time.Now().Before(deadline); {
		time.Sleep(pause)
		outcome = r.outcome(method, view, args)
	}
	fmt.Fprintf(os.Stdout, "row\t%s\t%s\n", method, outcome)
}

func (r *Rows) outcome(method string, view func(any) any, args []any) string {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	function := r.client.MethodByName(method)
	results := function.Call(arguments(function.Type(), ctx, args))
	var told []string
	for i, result := range results {
		value := result.Interface()
		isError := result.Type() == errorType
		if isError && value == nil {
			continue
		}
		if i == 0 && !isError {
			value = view(value)
		}
		told = append(told, render(reflect.ValueOf(value), 0))
	}
	if len(told) == 0 {
		told = append(told, "done")
	}
	return strings.NewReplacer("\t", " ", "\n", " ").Replace(strings.Join(told, " "))
}

// Missed prints the methods that were never called.
func (r *Rows) Missed() {
	kind := r.client.Type()
	for i := 0; i < kind.NumMethod(); i++ {
		if name := kind.Method(i).Name; !r.called[name] {
			fmt.Fprintf(os.Stdout, "missed\t%s\n", name)
		}
	}
}

func arguments(function reflect.Type, ctx context.Context, args []any) []reflect.Value {
	var values []reflect.Value
	if function.NumIn() > 0 && function.In(0) == contextType {
		values = append(values, reflect.ValueOf(ctx))
	}
	for _, arg := range args {
		if arg == nil {
			values = append(values, reflect.Zero(function.In(len(values))))
			continue
		}
		value := reflect.ValueOf(arg)
		at := min(len(values), function.NumIn()-1)
		wanted := function.In(at)
		if function.IsVariadic() && at == function.NumIn()-1 {
			wanted = wanted.Elem()
		}
		if value.Type() != wanted && value.CanConvert(wanted) {
			value = value.Convert(wanted)
		}
		values = append(values, value)
	}
	return values
}

func render(value reflect.Value, depth int) string {
	if !value.IsValid() {
		return "nil"
	}
	if depth > depthMax {
		panic(fmt.Sprintf("deeper than thought: %s", value.Type()))
	}
	if value.CanInterface() {
		switch one := value.Interface().(type) {
		case error:
			return fmt.Sprintf("%T(%s)", one, withKinds(one.Error()))
		case time.Time:
			if one.IsZero() {
				return "no time"
			}
			return "<time>"
		case [16]byte:
			return "<id>"
		case []byte:
			return fmt.Sprintf("%d bytes", len(one))
		}
	}
	switch value.Kind() {
	case reflect.Pointer, reflect.Interface:
		if value.IsNil() {
			return "nil"
		}
		return render(value.Elem(), depth)
	case reflect.String:
		return "'" + withKinds(value.String()) + "'"
	case reflect.Int64:
		if value.Int() > earliestTimeMs && value.Int() < 1<<62 {
			return "<time>"
		}
		return fmt.Sprint(value.Int())
	case reflect.Array:
		if value.Type().Elem().Kind() == reflect.Uint8 {
			return "<id>"
		}
		return renderMany(value, depth)
	case reflect.Slice:
		return renderMany(value, depth)
	case reflect.Map:
		var entries []string
		for _, key := range value.MapKeys() {
			entries = append(entries, render(key, depth+1)+": "+render(value.MapIndex(key), depth+1))
		}
		sort.Strings(entries)
		return "{" + strings.Join(entries, ", ") + "}"
	case reflect.Struct:
		var fields []string
		for i := 0; i < value.NumField(); i++ {
			field := value.Type().Field(i)
			if !field.IsExported() {
				continue
			}
			told := "<" + field.Name + ">"
			if !kinds[field.Name] {
				told = render(value.Field(i), depth+1)
			}
			fields = append(fields, field.Name+": "+told)
		}
		return value.Type().Name() + "{" + strings.Join(fields, ", ") + "}"
	default:
		return fmt.Sprint(value)
	}
}

// Brokers build their lists from hash maps.
func renderMany(value reflect.Value, depth int) string {
	var texts []string
	for i := 0; i < value.Len(); i++ {
		texts = append(texts, render(value.Index(i), depth+1))
	}
	sort.Strings(texts)
	return "[" + strings.Join(texts, ", ") + "]"
}
