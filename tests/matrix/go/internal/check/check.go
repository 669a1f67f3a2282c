// Package check holds what the scenarios of all Go clients have in common.
package check

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// Messages is how many messages a scenario sends with each codec.
const Messages = 200

// Deadline bounds every wait.
const Deadline = 60 * time.Second

// Scenario is what the command line asks for: BOOTSTRAP TOPIC [848] [groups] [share] [transactions].
type Scenario struct {
	Bootstrap    string
	Topic        string
	Groups       bool
	Consumers    bool // groups of KIP-848
	Share        bool // share groups, KIP-932
	Transactions bool
}

// FromArguments reads the command line.
func FromArguments() Scenario {
	scenario := Scenario{Bootstrap: os.Args[1], Topic: os.Args[2]}
	for _, feature := range os.Args[3:] {
		scenario.Groups = scenario.Groups || feature == "groups"
		scenario.Consumers = scenario.Consumers || feature == "848"
		scenario.Share = scenario.Share || feature == "share"
		scenario.Transactions = scenario.Transactions || feature == "transactions"
	}
	return scenario
}

// Value is message number N of a codec; messages differ in length.
func Value(codec string, number int) string {
	return fmt.Sprintf("%s:%d:%s", codec, number, strings.Repeat(".", number))
}

// Expected lists all values in the order in which they were sent.
func Expected(codecs []string) []string {
	var values []string
	for _, codec := range codecs {
		for number := 0; number < Messages; number++ {
			values = append(values, Value(codec, number))
		}
	}
	return values
}

// Works tells whoever runs this that the client has a feature, and that it works.
func Works(column string) {
	fmt.Printf("works: %s\n", column)
}

// Must ends the program when something failed.
func Must(err error, what string) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

// Same ends the program unless taken holds the values of all codecs in order.
func Same(taken []string, codecs []string, what string) {
	expected := Expected(codecs)
	if len(taken) != len(expected) {
		Must(fmt.Errorf("%d messages instead of %d", len(taken), len(expected)), what)
	}
	for index, value := range expected {
		if taken[index] != value {
			Must(fmt.Errorf("offset %d: %q instead of %q", index, taken[index], value), what)
		}
	}
	fmt.Printf("%s: %d messages\n", what, len(taken))
}
