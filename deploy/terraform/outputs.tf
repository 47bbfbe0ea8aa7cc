output "name" {
  value       = aws_cloudformation_stack.this.name
  description = "The stack's name."
}

output "trigger_arn" {
  value       = aws_cloudformation_stack.this.outputs["TriggerArn"]
  description = "The function that schedules call."
}

output "schedule_group_name" {
  value       = aws_cloudformation_stack.this.outputs["ScheduleGroupName"]
  description = "The group that schedules must be in to be watched."
}

output "schedule_role_arn" {
  value       = aws_cloudformation_stack.this.outputs["ScheduleRoleArn"]
  description = "The role of schedules."
}

output "trigger_failures_arn" {
  value       = aws_cloudformation_stack.this.outputs["TriggerFailuresArn"]
  description = "The dead-letter queue of schedules."
}

output "outputs" {
  value       = aws_cloudformation_stack.this.outputs
  description = "All outputs of the stack."
}
