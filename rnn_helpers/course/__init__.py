"""Course assignments: make the learners' versions, grade what comes back, write feedback.

Run as ``python -m rnn_helpers.course``; needs the extra `course`, which nothing else in the package does.
"""
