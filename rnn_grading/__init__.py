"""Course assignments: hand them out, grade what comes back behind walls, write feedback.

Run as ``python -m rnn_grading``; needs the extra `course`. What learners write never imports it.
"""
