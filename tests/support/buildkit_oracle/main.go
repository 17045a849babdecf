// Answers of BuildKit's Dockerfile frontend, as JSON.
//
// Reads a JSON object {"files": {NAME: {"text", "build_args", "target"}}, "words": [{"text", "escape", "env"}]} on stdin and
// writes what the parser, the typed instructions, the conversion and the shell lexer say to stdout.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"runtime/debug"
	"sort"
	"strings"
	"unicode"

	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerfile/shell"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

type file struct {
	Text      string            `json:"text"`
	BuildArgs map[string]string `json:"build_args"`
	Target    string            `json:"target"`
}

type word struct {
	Text   string            `json:"text"`
	Escape string            `json:"escape"`
	Env    map[string]string `json:"env"`
}

type heredoc struct {
	Name    string `json:"name"`
	Expand  bool   `json:"expand"`
	Chomp   bool   `json:"chomp"`
	Content string `json:"content"`
}

type instruction struct {
	Keyword  string       `json:"keyword"`
	Flags    []string     `json:"flags,omitempty"`
	Args     []string     `json:"args,omitempty"`
	JSON     bool         `json:"json,omitempty"`
	Heredocs []heredoc    `json:"heredocs,omitempty"`
	Line     int          `json:"line"`
	EndLine  int          `json:"end_line"`
	Trigger  *instruction `json:"trigger,omitempty"`
}

type stage struct {
	Name     string `json:"name"`
	Base     string `json:"base"`
	Platform string `json:"platform"`
}

type built struct {
	Error    string            `json:"error,omitempty"`
	Base     []string          `json:"bases,omitempty"`     // images asked for, sorted
	Env      []string          `json:"env,omitempty"`       // of the image
	Vars     []string          `json:"variables,omitempty"` // what an instruction behind the last would see
	Workdir  string            `json:"workdir,omitempty"`
	User     string            `json:"user,omitempty"`
	Shell    []string          `json:"shell,omitempty"`
	Labels   map[string]string `json:"labels,omitempty"`
	Ports    []string          `json:"ports,omitempty"`
	Volumes  []string          `json:"volumes,omitempty"`
	Signal   string            `json:"signal,omitempty"`
	Onbuild  []string          `json:"onbuild,omitempty"`
	Platform string            `json:"platform,omitempty"`
	Checks   []check           `json:"checks,omitempty"` // what its own build checks warn of, by line
}

type check struct {
	Name string `json:"name"`
	Line int    `json:"line"`
}

type answer struct {
	Error        string        `json:"error,omitempty"`
	Line         int           `json:"line,omitempty"`
	Where        string        `json:"where,omitempty"` // parser or instructions
	Escape       string        `json:"escape,omitempty"`
	Instructions []instruction `json:"instructions,omitempty"`
	Stages       []stage       `json:"stages,omitempty"`
	Before       int           `json:"args_before_from,omitempty"`
	Empty        int           `json:"empty_continuations,omitempty"`
	Directives   [][2]string   `json:"directives,omitempty"`
	Build        *built        `json:"build,omitempty"`
}

type expanded struct {
	Result string   `json:"result"`
	Words  []string `json:"words,omitempty"`
	Error  string   `json:"error,omitempty"`
}

func node(n *parser.Node) instruction {
	i := instruction{Keyword: n.Value, Flags: n.Flags, JSON: n.Attributes["json"], Line: n.StartLine, EndLine: n.EndLine}
	for _, h := range n.Heredocs {
		i.Heredocs = append(i.Heredocs, heredoc{h.Name, h.Expand, h.Chomp, h.Content})
	}
	for next := n.Next; next != nil; next = next.Next {
		if len(next.Children) > 0 {
			t := node(next.Children[0])
			i.Trigger = &t
		} else {
			i.Args = append(i.Args, next.Value)
		}
	}
	return i
}

func line(err error) int {
	var e *parser.LocationError
	if errors.As(err, &e) && len(e.Locations) > 0 && len(e.Locations[0]) > 0 {
		return e.Locations[0][0].Start.Line
	}
	return 0
}

type resolver struct{ asked map[string]bool }

func (r *resolver) ResolveImageConfig(ctx context.Context, ref string, opt sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	r.asked[ref] = true
	img := dockerspec.DockerOCIImage{}
	img.OS, img.Architecture = "linux", "amd64"
	img.Config.Env = []string{"PATH=/usr/local/bin:/usr/bin"}
	img.RootFS = ocispecs.RootFS{Type: "layers", DiffIDs: []digest.Digest{digest.FromString("x")}}
	dt, err := json.Marshal(img)
	return ref, "", dt, err
}

func build(f file) (b *built) {
	b = &built{}
	defer func() {
		if r := recover(); r != nil {
			b = &built{Error: "panic: " + string(debug.Stack())}
		}
	}()
	caps := pb.Caps.CapSet(pb.Caps.All())
	r := &resolver{asked: map[string]bool{}}
	platform := ocispecs.Platform{OS: "linux", Architecture: "amd64"}
	args := map[string]string{}
	for k, v := range f.BuildArgs {
		args[k] = v
	}
	ctx := context.Background()
	res, err := dockerfile2llb.Dockerfile2LLB(ctx, []byte(f.Text), dockerfile2llb.ConvertOpt{
		Config:         dockerui.Config{BuildArgs: args, Target: f.Target, BuildPlatforms: []ocispecs.Platform{platform}},
		MetaResolver:   r,
		TargetPlatform: &platform,
		LLBCaps:        &caps,
		Warn: func(name, _, _, _ string, location []parser.Range) {
			c := check{Name: name}
			if len(location) > 0 {
				c.Line = location[0].Start.Line
			}
			b.Checks = append(b.Checks, c)
		},
	})
	sort.Slice(b.Checks, func(i, j int) bool {
		a, c := b.Checks[i], b.Checks[j]
		return a.Line < c.Line || a.Line == c.Line && a.Name < c.Name
	})
	if err != nil {
		b.Error = err.Error()
		return b
	}
	for name := range r.asked {
		b.Base = append(b.Base, name)
	}
	sort.Strings(b.Base)
	c := res.Image.Config
	b.Env, b.Workdir, b.User, b.Shell, b.Labels, b.Signal, b.Onbuild = c.Env, c.WorkingDir, c.User, c.Shell, c.Labels, c.StopSignal, c.OnBuild
	for p := range c.ExposedPorts {
		b.Ports = append(b.Ports, p)
	}
	sort.Strings(b.Ports)
	for p := range c.Volumes {
		b.Volumes = append(b.Volumes, p)
	}
	sort.Strings(b.Volumes)
	env, err := res.State.Env(ctx)
	if err == nil && env != nil {
		b.Vars = env.ToArray()
		sort.Strings(b.Vars)
	}
	return b
}

func answerTo(f file) (a answer) {
	defer func() {
		if r := recover(); r != nil {
			a = answer{Error: "panic", Where: "parser"}
		}
	}()
	var d parser.DirectiveParser
	text := bytes.TrimPrefix([]byte(f.Text), []byte{0xEF, 0xBB, 0xBF})
	for _, l := range bytes.Split(text, []byte("\n")) {
		found, err := d.ParseLine(bytes.TrimLeftFunc(bytes.TrimRight(l, "\r\n"), unicode.IsSpace))
		if err != nil {
			break
		}
		if found != nil {
			a.Directives = append(a.Directives, [2]string{found.Name, found.Value})
		}
	}
	result, err := parser.Parse(strings.NewReader(f.Text))
	if err != nil {
		return answer{Error: err.Error(), Line: line(err), Where: "parser"}
	}
	a.Escape = string(result.EscapeToken)
	a.Empty = len(result.Warnings)
	for _, child := range result.AST.Children {
		a.Instructions = append(a.Instructions, node(child))
	}
	stages, before, err := instructions.Parse(result.AST, linter.New(&linter.Config{}))
	if err == nil && len(stages) == 0 {
		err = errors.New("dockerfile contains no stages to build")
	}
	if err != nil {
		return answer{Error: err.Error(), Line: line(err), Where: "instructions"}
	}
	a.Before = len(before)
	for _, s := range stages {
		a.Stages = append(a.Stages, stage{s.Name, s.BaseName, s.Platform})
	}
	a.Build = build(f)
	return a
}

func main() {
	var in struct {
		Files map[string]file `json:"files"`
		Words []word          `json:"words"`
	}
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		panic(err)
	}
	var out struct {
		BuildKit string            `json:"buildkit"`
		Files    map[string]answer `json:"files,omitempty"`
		Words    []expanded        `json:"words,omitempty"`
	}
	info, _ := debug.ReadBuildInfo()
	for _, m := range info.Deps {
		if m.Path == "github.com/moby/buildkit" {
			out.BuildKit = m.Version
		}
	}
	out.Files = map[string]answer{}
	for name, f := range in.Files {
		out.Files[name] = answerTo(f)
	}
	for _, w := range in.Words {
		var env []string
		for k, v := range w.Env {
			env = append(env, k+"="+v)
		}
		lex := shell.NewLex([]rune(w.Escape)[0])
		getter := shell.EnvsFromSlice(env)
		result, _, err := lex.ProcessWord(w.Text, getter)
		e := expanded{Result: result}
		if err != nil {
			e.Error = err.Error()
		}
		e.Words, _ = lex.ProcessWords(w.Text, getter)
		out.Words = append(out.Words, e)
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(out); err != nil {
		panic(err)
	}
}
