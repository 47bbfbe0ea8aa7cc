module github.com/batchplane/batchplane

go 1.26
