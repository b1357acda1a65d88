"""The literature of `models.md`."""

REFERENCES = (
    "D. Bahdanau, K. Cho, Y. Bengio: Neural machine translation by jointly learning to align and translate. ICLR 2015",
    "Y. Bengio, P. Simard, P. Frasconi: Learning long-term dependencies with gradient descent is difficult. IEEE "
    "Transactions on Neural Networks 5(2), 157-166, 1994",
    "D.-A. Clevert, T. Unterthiner, S. Hochreiter: Fast and accurate deep network learning by exponential linear units "
    "(ELUs). ICLR 2016",
    "J. L. Elman: Finding structure in time. Cognitive Science 14(2), 179-211, 1990",
    "F. A. Gers, J. Schmidhuber, F. Cummins: Learning to forget: continual prediction with LSTM. Neural Computation "
    "12(10), 2451-2471, 2000",
    "S. Hochreiter, J. Schmidhuber: Long short-term memory. Neural Computation 9(8), 1735-1780, 1997",
    "S. Ioffe, C. Szegedy: Batch normalization: accelerating deep network training by reducing internal covariate "
    "shift. ICML 2015",
    "R. Jozefowicz, W. Zaremba, I. Sutskever: An empirical exploration of recurrent network architectures. ICML 2015",
    "D. P. Kingma, J. Ba: Adam: a method for stochastic optimization. ICLR 2015",
    "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition. Proceedings "
    "of the IEEE 86(11), 2278-2324, 1998",
    "Y. Nesterov: A method of solving a convex programming problem with convergence rate O(1/k^2). Soviet Mathematics "
    "Doklady 27(2), 372-376, 1983",
    "B. T. Polyak: Some methods of speeding up the convergence of iteration methods. USSR Computational Mathematics and "
    "Mathematical Physics 4(5), 1-17, 1964",
    "L. Prechelt: Early stopping - but when? In: Neural Networks: Tricks of the Trade. Springer 1998",
    "M. Schuster, K. K. Paliwal: Bidirectional recurrent neural networks. IEEE Transactions on Signal Processing 45(11), "
    "2673-2681, 1997",
    "N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov: Dropout: a simple way to prevent neural "
    "networks from overfitting. Journal of Machine Learning Research 15, 1929-1958, 2014",
)
