// Prints how BuildKit, the builder of docker, reads a Dockerfile from standard input: its stages as JSON, or its error.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

type step struct {
	Word    string
	Line    int
	Command any
}

type stage struct {
	Name, Base, Platform string
	Line                 int
	Steps                []step
}

func read() ([]stage, error) {
	tree, err := parser.Parse(os.Stdin)
	if err != nil {
		return nil, err
	}
	read, _, err := instructions.Parse(tree.AST, nil)
	if err != nil {
		return nil, err
	}
	stages := []stage{}
	for _, from := range read {
		steps := []step{}
		for _, command := range from.Commands {
			steps = append(steps, step{command.Name(), command.Location()[0].Start.Line, command})
		}
		stages = append(stages, stage{from.Name, from.BaseName, from.Platform, from.Location[0].Start.Line, steps})
	}
	return stages, nil
}

func main() {
	stages, err := read()
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(stages)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
