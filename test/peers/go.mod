module github.com/batchplane/batchplane/test/peers

go 1.26.0

replace github.com/batchplane/batchplane => ../..

require (
	github.com/adhocore/gronx v1.20.4
	github.com/batchplane/batchplane v0.0.0
	github.com/hashicorp/cronexpr v1.1.3
	github.com/netresearch/go-cron v0.9.1
	github.com/robfig/cron/v3 v3.0.1
)

require github.com/stretchr/testify v1.12.1 // indirect
