//go:build unix

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/agentsync/agentsync/sync/sandbox"
	"golang.org/x/sync/errgroup"
)

// read is the bare client: it logs in, gets each path of list from base over
// so many connections, and reads the answers to their end.
func read(base, connections string, list io.Reader) error {
	workers, err := strconv.Atoi(connections)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: workers, MaxIdleConnsPerHost: workers}}
	token, err := login(client, base)
	if err != nil {
		return err
	}
	paths := make(chan string)
	var group errgroup.Group
	for range workers {
		group.Go(func() error {
			for path := range paths {
				if err := get(client, base+path, token); err != nil {
					panic(err) // nobody would take the rest
				}
			}
			return nil
		})
	}
	lines := bufio.NewScanner(list)
	for lines.Scan() {
		paths <- strings.TrimSuffix(lines.Text(), "?")
	}
	close(paths)
	_ = group.Wait()
	return lines.Err()
}

func login(client *http.Client, base string) (token string, err error) {
	body := fmt.Sprintf(`{"email":%q,"password":%q}`, sandbox.DefaultEmail, sandbox.DefaultPassword)
	resp, err := client.Post(base+"/api/login", "application/json", strings.NewReader(body))
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	var answer struct {
		Data struct {
			Token string `json:"access_token"`
		}
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return "", err
	}
	return answer.Data.Token, nil
}

func get(client *http.Client, url, token string) error {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
