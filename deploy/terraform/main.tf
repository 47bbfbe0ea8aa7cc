# The control plane as a CloudFormation stack that Terraform manages: one template, tested
# as it is, instead of a second copy in another language.
#
# `sam build` and `sam package --s3-bucket BUCKET --output-template-file packaged.yaml`
# write the template whose functions are in that bucket.

terraform {
  required_version = ">= 1.3"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

data "aws_region" "current" {}

data "aws_partition" "current" {}

# In the call itself, CloudFormation accepts at most 51,200 bytes of a template.
resource "aws_s3_object" "template" {
  bucket      = var.bucket
  key         = "${var.key_prefix}${filesha256(var.template_file)}.yaml"
  source      = var.template_file
  source_hash = filesha256(var.template_file)
}

resource "aws_cloudformation_stack" "this" {
  name         = var.name
  template_url = "https://${var.bucket}.s3.${data.aws_region.current.id}.${data.aws_partition.current.dns_suffix}/${aws_s3_object.template.key}"
  capabilities = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
  parameters   = var.parameters
  tags         = var.tags

  # The table holds the history of all runs.
  lifecycle {
    prevent_destroy = true
  }

  timeouts {
    create = "30m"
    update = "30m"
  }
}
