package history

import "github.com/agentsync/agentsync/diff/words"

// Line is a line of the live prompt, and the version that brought it.
type Line struct {
	Text    string `json:"text"`
	Version int    `json:"version"` // 0 where the versions that were read don't tell
}

// Blame says of each line of the prompt of version live which version brought
// it: the oldest from which on the line stayed, through the versions below live
// by their numbers. left counts the lines of which only older versions tell;
// whole says that there are none.
//
// A version with the very prompt of an older one brought nothing: a rollback
// made it, on a platform where that makes a new version.
func Blame(versions []Version, live int, whole bool) (lines []Line, left int) {
	chain := promptChain(versions, live)
	if len(chain) == 0 {
		return nil, 0
	}
	for _, text := range chain[0].lines {
		lines = append(lines, Line{Text: text})
	}
	at := make([]int, len(lines)) // where each line stands in the version at hand; -1 once its version is known
	for i := range at {
		at[i] = i
	}
	left = len(lines)
	for i := 0; i < len(chain) && left > 0; i++ {
		i = oldestLike(chain, i)
		here := chain[i]
		if i+1 == len(chain) && !whole {
			break
		}
		was, brought := origins(chain, i)
		for k, pos := range at {
			switch {
			case pos < 0:
			case brought[pos]:
				lines[k].Version, at[k] = here.number, -1
				left--
			default:
				at[k] = was[pos]
			}
		}
	}
	return lines, left
}

// prompt is a version's prompt.
type prompt struct {
	number int
	text   string
	lines  []string
}

// promptChain has the live version and those before it that may have been live,
// the highest number first, as versions are.
func promptChain(versions []Version, live int) []prompt {
	var chain []prompt
	for _, v := range versions {
		if v.Number == live || v.Number < live && v.Status != "draft" {
			text := v.Content.Config.Get("system_prompt").Text()
			chain = append(chain, prompt{v.Number, text, words.Split(text)})
		}
	}
	if len(chain) == 0 || chain[0].number != live {
		return nil
	}
	return chain
}

// oldestLike is the last in the chain with the prompt of entry i.
func oldestLike(chain []prompt, i int) int {
	for k := len(chain) - 1; k > i; k-- {
		if chain[k].text == chain[i].text {
			return k
		}
	}
	return i
}

// origins says of each line of entry i where it stands in the one before, or
// that it came with this entry; with the last, all did.
func origins(chain []prompt, i int) (was []int, brought []bool) {
	here := chain[i].lines
	was, brought = make([]int, len(here)), make([]bool, len(here))
	var before []string
	if i+1 < len(chain) {
		before = chain[i+1].lines
	}
	old, now := 0, 0
	keep := func(to int) {
		for ; now < to; old, now = old+1, now+1 {
			was[now] = old
		}
	}
	for _, h := range words.Lines(before, here) {
		keep(h.New.From)
		for ; now < h.New.To; now++ {
			brought[now] = true
		}
		old = h.Old.To
	}
	keep(len(here))
	return was, brought
}
