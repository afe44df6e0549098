module nks/mq/ibmmq

go 1.26.0

require github.com/ibm-messaging/mq-golang/v5 v5.7.1

require nks v0.0.0

replace nks => ../..
