// What BuildKit leaves out of a build context, asked of its own code: moby/patternmatcher reads the ignore file, and
// tonistiigi/fsutil walks one tree with it, as `docker build` does. Prints the table that
// tests/context/test_moby_matcher.py reads. README.md beside this file tells how to run it.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"unicode/utf8"

	"github.com/moby/patternmatcher/ignorefile"
	"github.com/tonistiigi/fsutil"
)

const lists = 3000

var tree = []string{
	".dockerignore", ".env", ".env.local", ".git/HEAD", ".git/refs/heads/main", "Dockerfile", "README.md", "readme.MD",
	"docs/README.md", "docs/a.md", "docs/api/index.md", "docs/api/v1/b.md", "src/a.js", "src/a.test.js", "src/lib/a.js",
	"src/lib/deep/x/y/z.js", "node_modules/a/index.js", "node_modules/a/node_modules/b/i.js", "lib/node_modules/c.js",
	"build/out.o", "dist/app.js", "packages/web/dist/app.js", "a", "b/a", "b/c/a", "ab", "abc/ab", "A", "B/a", "aa/a",
	"x.log", "logs/x.log", "logs/old/y.log", "foo bar/baz qux", " lead", "trail ", "tab\there", "#hash", "!bang",
	"dir/#hash", "dir/!bang", "[x]", "x", "a[b]c", "star*", "what?", "back\\slash", "d/back\\slash", "a+b", "(p)", "{q}",
	"a{2}", "aaa", "a|b", "x^y", "m$", "p.q", "pxq", "\u00e9/\u00fc.txt", "e\u0301/x", "\u00c9/y", "\u65e5\u672c/\u8a9e.txt",
	"\U0001f600", "\u0130", "i", "bad\xff", "bad\xffd/x", "...", "..a/b", ".a/.b/.c", "a.b.c", "a-b", "a_b", "z-", "0", "9/9",
	"\u2028sep", "\u00a0nb", "nl/new\nline", "nl/x",
}

var words = []string{
	"a", "b", "ab", "A", "x", "i", "*", "*", "**", "?", "??", "*.md", "*.js", "*.log", "a*", "*a", "*a*", "[ab]", "[^a]",
	"[a-c]", "[A-Z]", "docs", "api", "src", "lib", "node_modules", "dist", "README.md", "readme.md", "foo bar", "foo", "logs",
	"old", ".git", ".*", ".env*", "index.*", "deep", "nl", "new*", "9", "[0-9]", "dir", "c", "aa", "d",
}

var odd = []string{
	"[!a]", "[]a]", "[a", "[a-]", "[-a]", "[z-a]", "[\\]]", "[[:alpha:]]", "[*]", "[?]", "[\\", "\\", "a\\", "\\*", "\\a",
	"\\\\", "\\[x\\]", "star\\*", "\\!bang", "\\#hash", "!bang", "#hash", "..", "...", ".", "", "{q}", "{a,b}", "a{2}", "a|b",
	"(p)", "a+b", "x^y", "m$", "p.q", "back\\\\slash", "back\\slash", "\u00e9", "e\u0301", "\u00fc.txt", "\u65e5*", "\u00c9",
	"\u0130", "?\u0301", "bad\xff", "bad?", "**a", "a**", "**.js", "a**b", "***", "*?", "**?", "\\d", "\\w*", "[\\d]",
	"tab\there", "\u00a0nb", "lead", " lead", "trail ", "a-b", "z-", " ", "\u2028sep", "\U0001f600", "[\u00e0-\u00ff]", "[^/]",
}

func pick(r *rand.Rand, from ...string) string { return from[r.Intn(len(from))] }

func line(r *rand.Rand) string {
	if r.Intn(25) == 0 {
		return pick(r, "", " ", "# note", " # note", "#", "!", "! ", "/", "//", "!/", ".", "./", "..", "!..", "\t", "!#hash", "!!a")
	}
	text := pick(r, "", "", "", "", "!", "!", "! ", " ", "\t", "!\t", " !", "\u00a0", "\u2028")
	text += pick(r, "", "", "", "", "/", "/", "./", "../", "//", "**/", "**/", "/**/")
	for n := 1 + r.Intn(3); n > 0; n-- {
		if r.Intn(6) == 0 {
			text += odd[r.Intn(len(odd))]
		} else {
			text += words[r.Intn(len(words))]
		}
		if n > 1 {
			text += pick(r, "/", "/", "/", "/", "/", "//", "/./", "/../", "/**/", "/**/")
		}
	}
	return text + pick(r, "", "", "", "", "", "/", "/", "//", "/.", "/..", "/*", "/**", " ", "\t", "\r", "/ ", "\u00a0", "\u3000")
}

func file(r *rand.Rand) string {
	text := pick(r, "", "", "", "", "", "", "", "", "", "\ufeff", "#\n", "*\n", "**\n")
	for n := 1 + r.Intn(4); n > 0; n-- {
		text += line(r)
		if n > 1 || r.Intn(2) == 0 {
			text += pick(r, "\n", "\n", "\n", "\r\n", "\n\n")
		}
	}
	return text
}

// quote writes JSON in which a byte that is no UTF-8 is the surrogate that Python's surrogateescape makes of it.
func quote(text string) string {
	var out strings.Builder
	out.WriteByte('"')
	for len(text) > 0 {
		c, width := utf8.DecodeRuneInString(text)
		switch {
		case c == utf8.RuneError && width == 1:
			fmt.Fprintf(&out, `\udc%02x`, text[0])
		case c == '"' || c == '\\':
			out.WriteByte('\\')
			out.WriteRune(c)
		case c < 0x20 || c > 0x7e && c < 0x10000:
			fmt.Fprintf(&out, `\u%04x`, c)
		default:
			out.WriteRune(c)
		}
		text = text[width:]
	}
	out.WriteByte('"')
	return out.String()
}

// verdict is a bit for each path of the tree that is left out, as hexadecimal digits; or how the file is refused.
func verdict(root, text string) string {
	patterns, err := ignorefile.ReadAll(bytes.NewBufferString(text))
	if err != nil {
		return "refused"
	}
	sent := map[string]bool{}
	err = fsutil.WalkDir(context.Background(), root, &fsutil.FilterOpt{ExcludePatterns: patterns},
		func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			sent[path] = true
			return nil
		})
	if err != nil {
		return "refused"
	}
	digits := make([]byte, (len(tree)+3)/4)
	for number, path := range tree {
		if !sent[path] {
			digits[number/4] |= 1 << (number % 4)
		}
	}
	for at, digit := range digits {
		digits[at] = "0123456789abcdef"[digit]
	}
	return string(digits)
}

func plant() string {
	root, err := os.MkdirTemp("", "tree")
	if err != nil {
		panic(err)
	}
	for _, path := range tree {
		place := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
			panic(err)
		}
		if err := os.WriteFile(place, nil, 0o644); err != nil {
			panic(err)
		}
	}
	return root
}

func main() {
	root := plant()
	defer os.RemoveAll(root)
	versions := []string{}
	if build, ok := debug.ReadBuildInfo(); ok {
		for _, each := range build.Deps {
			if each.Path == "github.com/moby/patternmatcher" || each.Path == "github.com/tonistiigi/fsutil" {
				versions = append(versions, each.Path+" "+each.Version)
			}
		}
		versions = append(versions, build.GoVersion)
	}
	names := make([]string, len(tree))
	for number, path := range tree {
		names[number] = quote(path)
	}
	fmt.Printf("{\"made_by\": %s,\n\"tree\": [%s],\n\"answers\": [\n", quote(strings.Join(versions, ", ")), strings.Join(names, ", "))
	r := rand.New(rand.NewSource(1))
	for n := 0; n < lists; n++ {
		text := file(r)
		end := ","
		if n == lists-1 {
			end = ""
		}
		fmt.Printf("[%s, %s]%s\n", quote(text), quote(verdict(root, text)), end)
	}
	fmt.Println("]}")
}
